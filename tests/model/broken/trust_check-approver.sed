s/if (approve.count < approvers)/if (approve.count + 1 < approvers)/
