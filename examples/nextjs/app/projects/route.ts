import { after } from 'next/server';
import { problemOf } from 'axios-procore';
import { procoreClient } from '../../lib/procore';

interface Project {
  id: number;
  name: string;
}

export async function GET(): Promise<Response> {
  const { api, procore } = procoreClient();
  // Next waits for it before it ends at SIGTERM, and serverless platforms before they freeze the process: a renewal is saved by then.
  after(() => procore.idle());
  try {
    // With several users: { procore: { account: the id of the user of this request } }
    const { data } = await api.get<Project[]>('/rest/v1.0/projects');
    return Response.json(data.map(({ id, name }) => ({ id, name })));
  } catch (error) {
    const problem = problemOf(error);
    if (!problem) throw error;
    return Response.json({ message: problem.title, remedy: problem.remedy }, { status: 502 });
  }
}
