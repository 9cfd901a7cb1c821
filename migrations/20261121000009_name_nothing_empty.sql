-- Nobody asks for nothing: names are not empty. An account that is not meant is null, so that two requests
-- for the same thing are the same to every index and every consumer (W6).

ALTER TABLE request
    ADD CONSTRAINT request_requester_not_empty CHECK (requester <> ''),
    ADD CONSTRAINT request_module_not_empty CHECK (module <> ''),
    ADD CONSTRAINT request_resource_not_empty CHECK (resource <> ''),
    ADD CONSTRAINT request_account_not_empty CHECK (account <> '');

ALTER TABLE access_grant
    ADD CONSTRAINT access_grant_person_not_empty CHECK (person <> ''),
    ADD CONSTRAINT access_grant_module_not_empty CHECK (module <> ''),
    ADD CONSTRAINT access_grant_resource_not_empty CHECK (resource <> ''),
    ADD CONSTRAINT access_grant_account_not_empty CHECK (account <> '');
