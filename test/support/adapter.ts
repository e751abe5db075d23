import axios from 'axios';

// `ADAPTER=fetch vitest run --project 'flow*'`: every instance of a test takes it from here, as does the plugin for its own requests.
// Everything else is what axios takes by itself in Node.
if (process.env['ADAPTER'] === 'fetch') axios.defaults.adapter = 'fetch';
