UPDATE access_grant SET filed_at = (SELECT filed_at FROM request WHERE id = request_id);
