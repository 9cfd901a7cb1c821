UPDATE request SET outcome = outcome || '{"cut": {"base": 1, "by": "ann"}}' WHERE state = 'rejected';
