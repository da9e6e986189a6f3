s/if (m->sequence <= s->sequence)/if (m->sequence == s->sequence)/
