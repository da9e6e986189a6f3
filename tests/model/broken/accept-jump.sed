s/s->sequence > ACCEPT_JUMP_MAX/s->sequence > 2 * ACCEPT_JUMP_MAX/
