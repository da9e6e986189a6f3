s/if (known \&\& !same(known, digest))/if (0 \&\& known \&\& !same(known, digest))/
