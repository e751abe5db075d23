import { Module } from '@nestjs/common';
import { ProcoreModule } from './procore.module.js';
import { ProjectsController } from './projects.controller.js';

@Module({ imports: [ProcoreModule], controllers: [ProjectsController] })
export class AppModule {}
