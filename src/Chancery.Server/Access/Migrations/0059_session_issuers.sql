-- Which issuer a sign-in came by, in the words of /login/with/{issuer}: it is asked once more for dangerous actions, and an
-- organisation's own ends its sign-ins when it is deleted.
ALTER TABLE sessions ADD COLUMN issuer text;
