s/if (p->people < OVERRIDE_HOLDERS)/if (p->people + 1 < OVERRIDE_HOLDERS)/
