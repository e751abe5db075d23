// A page that is bundled for a browser by mistake. What its bundle throws is all that is looked at.
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { redisTokenStore } from 'axios-procore/stores/redis';

attachProcore(axios.create(), { clientId: 'id', clientSecret: 'secret', store: redisTokenStore({}) });
