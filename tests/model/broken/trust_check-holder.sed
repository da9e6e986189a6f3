s/if (both.count < builders + approvers)/if (both.count + 1 < builders + approvers)/
