s/strcmp(s->channel, m->channel) != 0 ||//
