s/if (now > m->expires) {/if (now > m->expires + 86400) {/
