s/s->sequence > ACCEPT_JUMP_MAX/s->sequence > 1/
