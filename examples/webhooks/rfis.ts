import axios, { type AxiosInstance } from 'axios';

/** What is read of a delivery, in payload v4.0 and in the ones before it. */
interface Event {
  reason?: string;
  event_type?: string;
  resource_type?: string;
  resource_name?: string;
  resource_id: string | number;
  company_id: string | number;
  project_id: string | number;
}

interface Rfi {
  id: number;
  subject: string;
}

/**
 * Does what an event asks for. An event only says that something has changed, may come twice and out of order, and so is never applied
 * itself: what counts is what Procore has now.
 *
 * @param api with the plugin attached; the tokens of a company are those of the account with its id.
 */
export async function followRfi(api: AxiosInstance, body: string, signal: AbortSignal): Promise<void> {
  const event = JSON.parse(body) as Event;
  if ((event.resource_type ?? event.resource_name) !== 'RFIs') return;
  const companyId = String(event.company_id);
  const path = `/rest/v1.0/projects/${event.project_id}/rfis/${event.resource_id}`;
  try {
    const { data } = await api.get<Rfi>(path, {
      signal,
      procore: { account: companyId, companyId, deadlineMs: 60_000 },
    });
    console.log(`RFI ${data.id}: ${data.subject}`);
  } catch (error) {
    if (!axios.isAxiosError(error) || error.response?.status !== 404) throw error;
    // It was deleted since, or this user may not see it.
    console.log(`RFI ${event.resource_id}: not there`);
  }
}
