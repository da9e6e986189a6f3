s/if (m->epoch > s->epoch)/if (m->epoch > s->epoch + 1)/
