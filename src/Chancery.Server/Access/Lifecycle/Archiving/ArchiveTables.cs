using Chancery.Server.Audit.Verifying;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>
/// Every table that holds rows of tenants, and what an archive does with it. A test reads the schema and fails on a table, or on a
/// column that may hold an id, a secret or a file, that nobody decided about.
/// </summary>
internal static class ArchiveTables
{
    private const string OneTimeSecret = "Opens something here, once, and nothing elsewhere.";

    public static IReadOnlyList<ArchivedTableRule> All { get; } =
    [
        // Access.
        new("tenants") { Json = "settings", Replaced = "wrapped_key" },
        new("memberships") { People = "user_id", IsOfMembers = true },
        new("service_accounts") { Ids = "account_id", People = "created_by" },
        new("groups") { Ids = "group_id", People = "created_by" },
        new("group_members") { Ids = "group_id", People = "member_id added_by" },
        new("access_entries") { Ids = "list_id", People = "reader_id" },
        // A pepper of the installation is in what is kept of a secret: a key is rotated once, and keeps all that is said of it.
        new("api_keys")
        {
            Ids = "key_id account_id",
            People = "created_by",
            Replaced = "secret_mac",
            Dropped = "previous_lookup previous_mac previous_until",
        },
        new("oauth_clients")
        {
            Ids = "client_id",
            People = "created_by",
            Replaced = "secret_mac",
            Dropped = "old_secret_mac old_secret_until",
        },
        new("identity_issuers")
        {
            Ids = "issuer_id",
            People = "created_by",
            Json = "rules",
            Sealed = "client_secret",
        },
        // What the operator's issuers say of people holds for the operator's installation: who is who elsewhere is proven there.
        new("federated_identities")
        {
            People = "user_id",
            IsOfMembers = true,
            Only =
                "EXISTS (SELECT 1 FROM identity_issuers AS i WHERE i.tenant_id = t.tenant_id AND i.issuer_id::text = t.issuer_key)",
        },
        new("provisioned_users")
        {
            People = "user_id",
            IsOfMembers = true,
            Json = "attributes",
        },
        new("provisioned_groups") { Ids = "group_id" },
        new("sign_in_policies"),
        ArchivedTableRule.Left("operator_accesses", "By whom it was opened here is in the record, which goes along."),
        ArchivedTableRule.Left("sessions", "A sign-in is one on this installation."),
        ArchivedTableRule.Left("refresh_tokens", OneTimeSecret),
        ArchivedTableRule.Left("invitations", OneTimeSecret),
        ArchivedTableRule.Left("oauth_codes", OneTimeSecret),
        ArchivedTableRule.Left("oauth_revoked_tokens", "The tokens are this installation's: no other one takes them."),
        ArchivedTableRule.Left(
            "idempotency_keys",
            "What calls of the last day were answered; whoever calls elsewhere calls anew."
        ),
        ArchivedTableRule.Left("sign_in_challenges", "Of somebody who is just signing in, and of no tenant yet."),
        // Audit: as it was written, down to the ids, so that it can still be verified.
        new("audit_inbox") { Ids = "entry_id actor_id person_id" },
        new("audit_people") { Ids = "people_id person_id", Bytes = "salt hash" },
        new("audit_entries") { Ids = "entry_id actor_id people_id", Bytes = "people_hash previous_hash hash" },
        new("audit_chains") { Bytes = "hash anchor_hash" },
        new("audit_heads") { Bytes = "hash" },
        new("audit_imported_keys") { Bytes = "public_key", Only = ImportedKeys.OnlySql },
        // Limits: what the operator set stays with the operator.
        new("limit_overrides") { People = "subject_id", Only = "t.set_by = 'tenant'" },
        new("plan_usage"),
        new("limit_alerts"),
        new("alert_webhooks") { People = "changed_by", Sealed = "secret" },
        // Inference.
        new("usage_entries") { Ids = "request_id", People = "user_id key_id" },
        // Spent elsewhere: this installation's own caps leave it out.
        new("usage_days") { People = "user_id key_id", Afterwards = "imported_nano = cost_nano" },
        ArchivedTableRule.Left(
            "open_reservations",
            "Of calls that are under way on this installation: no process elsewhere settles them."
        ),
        new("budgets") { People = "subject_id changed_by", Only = "t.set_by = 'tenant'" },
        new("budget_alerts") { People = "subject_id" },
        new("model_policies") { People = "changed_by", Dropped = "operator_models" },
        // Prompts.
        new("prompts") { Ids = "prompt_id", People = "created_by" },
        new("prompt_versions")
        {
            Ids = "prompt_id",
            People = "author_id",
            Bytes = "sha256",
        },
        new("prompt_labels") { Ids = "prompt_id" },
        new("prompt_label_moves") { Ids = "prompt_id", People = "author_id" },
        new("prompt_rollouts")
        {
            Ids = "rollout_id prompt_id",
            People = "author_id",
            Json = "plan progress limits decision",
        },
        new("prompt_rollout_events") { Ids = "rollout_id", Json = "content" },
        new("prompt_runs")
        {
            Ids = "run_id prompt_id rollout_id",
            People = "principal_id",
            Bytes = "content_sha256",
        },
        new("prompt_gates") { Ids = "prompt_id dataset_id", People = "updated_by" },
        // Knowledge.
        new("collections") { Ids = "collection_id list_id", People = "created_by" },
        new("documents") { Ids = "document_id collection_id list_id", People = "created_by" },
        new("document_versions")
        {
            Ids = "document_id",
            People = "uploaded_by",
            Files = "blob_sha256",
        },
        new("document_sources") { Ids = "document_id", People = "requested_by" },
        new("pages")
        {
            Ids = "document_id",
            Bytes = "text_sha256 words",
            Json = "blocks",
        },
        new("chunks") { Ids = "chunk_id document_id", Bytes = "hash" },
        new("chunk_places") { Ids = "document_id chunk_id" },
        new("chunk_vectors") { Ids = "chunk_id" },
        new("knowledge_revisions") { Ids = "token" },
        new("knowledge_changes") { Ids = "token document_id added removed" },
        new("search_queries")
        {
            Ids = "query_id",
            People = "principal_id user_id",
            Json = "wish results stages",
        },
        new("embedding_usage"),
        new("imported_rows") { Ids = "import_id document_id chunk_id" },
        new("tenant_models"),
        new("model_changes") { Ids = "change_id", People = "started_by" },
        // What waits goes on elsewhere, from the beginning of what it was at.
        new("work_items")
        {
            Ids = "work_id",
            Json = "subject",
            Dropped = "lease_owner lease_until",
            Only = "t.state IN ('queued', 'running')",
            As = ("state", "'queued'"),
            // Which of it goes on at all: ImportedWork.
            Afterwards =
                "state = 'queued', attempts = 0, again = false, last_error = NULL, finished_at = NULL, run_after = now()",
        },
        ArchivedTableRule.Left("work_turns", "Whose turn it is on this installation."),
        // Answers.
        new("conversations")
        {
            Ids = "conversation_id summary_through summary_documents",
            People = "principal_id",
            IsOfPrincipals = true,
        },
        new("messages")
        {
            Ids = "conversation_id message_id question_id thread_id",
            People = "principal_id",
            Json = "citations unsupported usage asked reasoning",
            IsOfPrincipals = true,
        },
        new("conversation_shares")
        {
            Ids = "share_id conversation_id",
            People = "principal_id",
            Json = "turns",
        },
        new("shared_answers") { Ids = "shared_id conversation_id message_id documents", Json = "places" },
        // Contracts.
        new("contracts")
        {
            Ids = "contract_id list_id",
            People = "created_by",
            Json = "parties",
        },
        new("contract_changes"),
        new("contract_change_log") { Ids = "token" },
        new("contract_texts") { Ids = "contract_id", Bytes = "sha256" },
        new("contract_revisions")
        {
            Ids = "contract_id",
            People = "author_id",
            Json = "origins",
            Bytes = "sha256",
        },
        new("contract_clauses") { Ids = "contract_id clause_id", Bytes = "sha256" },
        new("contract_vectors") { Ids = "contract_id", Bytes = "sha256 embedding" },
        new("contract_proposals")
        {
            Ids = "contract_id proposal_id",
            People = "author_id",
            Json = "proposed origins decided",
        },
        new("contract_comments") { Ids = "contract_id comment_id clause_id reply_to", People = "author_id mentions" },
        new("library_clauses") { Ids = "clause_id", People = "created_by" },
        new("playbooks")
        {
            Ids = "playbook_id",
            People = "created_by",
            Json = "rules",
        },
        ArchivedTableRule.Left(
            "contract_operations",
            "What is being watched just now, or ended within the last day: what came of it is in the contract."
        ),
        ArchivedTableRule.Left("contract_operation_events", "Of contract_operations."),
        // Upgrade and evaluation.
        new("upgrades")
        {
            Ids = "upgrade_id documents prompt_id run_id",
            People = "principal_id",
            Json = "result",
            Bytes = "request_sha256",
            IsOfPrincipals = true,
        },
        new("eval_datasets")
        {
            Ids = "dataset_id",
            People = "created_by",
            PeopleWithin = "starter",
            Json = "nightly nightly_judging",
        },
        new("eval_questions") { Ids = "dataset_id question_id", Json = "expected_places" },
        new("eval_runs")
        {
            Ids = "run_id dataset_id",
            People = "started_by",
            PeopleWithin = "starter",
            Json = "target judging judges summary regressions",
        },
        new("eval_results") { Ids = "run_id question_id documents", Json = "places scores notes repeats spread" },
        ArchivedTableRule.Left(
            "eval_judgements",
            "What models of this installation said, by hashes, so that they are not asked again: models elsewhere are asked."
        ),
        new("eval_labels") { Ids = "run_id question_id", People = "labelled_by" },
        new("red_team_runs")
        {
            Ids = "run_id prompt_id",
            People = "started_by",
            PeopleWithin = "starter",
            Json = "cases",
            Bytes = "seed",
        },
        new("red_team_results") { Ids = "run_id" },
    ];

    public static IEnumerable<ArchivedTableRule> Carried => All.Where(rule => rule.IsCarried);

    public static ArchivedTableRule? Find(string name) => All.FirstOrDefault(rule => rule.Name == name);
}
