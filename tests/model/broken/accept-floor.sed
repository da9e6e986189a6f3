s/now > s->time_floor ? now : s->time_floor/now > s->time_floor ? now : now/
