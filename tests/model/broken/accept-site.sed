s/ || !manifest_is_for(m, s->audience)//
