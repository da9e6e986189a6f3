s/if (m->epoch < s->epoch)/if (m->epoch + 1 < s->epoch)/
