import { BadGatewayException, Controller, Get } from '@nestjs/common';
import { problemOf } from 'axios-procore';
import { ProcoreClient } from './procore.module.js';

interface Project {
  id: number;
  name: string;
}

@Controller('projects')
export class ProjectsController {
  constructor(private readonly client: ProcoreClient) {}

  @Get()
  async list(): Promise<Project[]> {
    try {
      // With several users: { procore: { account: the id of the user of this request } }
      const { data } = await this.client.api.get<Project[]>('/rest/v1.0/projects');
      return data.map(({ id, name }) => ({ id, name }));
    } catch (error) {
      const problem = problemOf(error);
      if (!problem) throw error;
      throw new BadGatewayException(`${problem.title}. ${problem.remedy}`);
    }
  }
}
