s/if (past \&\& !same/if (0 \&\& past \&\& !same/
