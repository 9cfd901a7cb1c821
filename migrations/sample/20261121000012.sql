-- The judged mail was proven by a signature.
UPDATE inbound_mail
SET proof = '{"signatures": [{"domain": "example.com", "selector": "s1", "verdict": "pass",
              "why": "example.com signed it."}]}';
