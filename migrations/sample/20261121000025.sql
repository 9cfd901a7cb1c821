UPDATE unreachable SET told_at = since;
