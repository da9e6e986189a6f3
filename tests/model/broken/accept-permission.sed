s/latest > m->expires \&\& latest <= s->overridden/latest > m->expires/
