s/if (build.count < builders)/if (build.count + 1 < builders)/
