s/if (m->sequence == s->sequence \&\& s->has_manifest/if (0 \&\& s->has_manifest/
