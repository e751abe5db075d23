import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

// Without `debug`, at which the plugin tells the story of each call.
const app = await NestFactory.create(AppModule, { logger: ['log', 'warn', 'error', 'fatal'] });
// On SIGTERM and SIGINT the hooks of the modules are called, as by app.close().
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
console.log(`Projects are at ${await app.getUrl()}/projects. Ctrl-C ends it.`);
