using Chancery.Testing;
using Dapper;

namespace Chancery.Server.Tests.Database;

/// <summary>Walks every table, function, role and grant, so that a new one without walls fails the build.</summary>
public sealed class TableWalkTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    // What belongs to no tenant. A name is added here only when it can hold nothing of one.
    private static readonly string[] WithoutTenant =
    [
        "erasure_receipts",
        "federation_states",
        "migrations",
        "installation_budgets",
        "plans",
        "installation_keys",
        "ledger_processes",
        "ledger_state",
        "oauth_device_requests",
        "oauth_registrations",
        "operators",
        // They outlive the organisation that they are about.
        "owner_letters",
        // What the installation ships; of organisations, sums over all of them.
        "prompt_releases",
        // Of somebody who is signing in: nobody knows of which tenant.
        "sign_in_challenges",
    ];
    private const string SchedulePrefix = "qrtz_";

    // Tables whose rows are narrower than the tenant: the policy names the principal too.
    private static readonly string[] OfPrincipals =
    [
        "contract_operation_events",
        "contract_operations",
        "conversations",
        "idempotency_keys",
        "messages",
        "upgrades",
    ];

    // Tables with a third policy: a row is seen only by those who may read its document, or its contract.
    private static readonly string[] OfDocuments =
    [
        "chunk_places",
        "chunks",
        "collections",
        "contract_clauses",
        "contract_comments",
        "contract_proposals",
        "contract_revisions",
        "contract_texts",
        "contract_vectors",
        "contracts",
        "document_sources",
        "document_versions",
        "documents",
        "imported_rows",
        "pages",
    ];

    // Tables that name a document and need no such policy, with the reason.
    private static readonly string[] BesideDocuments =
    [
        // The log that indexes follow: ids, read by the server's own work.
        "knowledge_changes",
    ];

    // People exist outside tenants; their policies are listed in full below.
    private const string People = "users";

    // What belongs to one person, whatever their tenants.
    private static readonly string[] OfOnePerson =
    [
        "passkeys",
        "password_resets",
        "person_keys",
        "recovery_codes",
        "totp_authenticators",
    ];

    // Everything that runs with the owner's rights, whoever calls it. Each must take the tenant from the session, or be
    // a door: answer before a tenant is known, with ids, hashes and states only.
    private static readonly string[] Definers =
    [
        "answer_outcomes",
        "door_amend_erasure",
        "door_api_key",
        "door_ask_password_reset",
        "door_audit_unsent",
        "door_audit_unsigned",
        "door_audit_waiting",
        "door_begin_erasure",
        "door_cancel_erasure",
        "door_claim_work",
        "door_count_erased",
        "door_count_release",
        "door_count_release_ratings",
        "door_end_erasure",
        "door_erase_rows",
        "door_erasure_waits",
        "door_erasures",
        "door_federated_identity",
        "door_forget_owner_letter",
        "door_identity_issuer",
        "door_installation_spend",
        "door_invitation",
        "door_is_empty",
        "door_is_erased",
        "door_is_leaving",
        "door_is_operator",
        "door_is_own_account",
        "door_issuers_named",
        "door_limits_of",
        "door_memberships",
        "door_oauth_client",
        "door_oauth_code",
        "door_open_place",
        "door_open_reservations",
        "door_order_erasure",
        "door_overdue_reservations",
        "door_owner_addresses",
        "door_owner_letter",
        "door_password_reset",
        "door_plan_tenants",
        "door_recent_release",
        "door_refresh_token",
        "door_release_limits",
        "door_reset_password",
        "door_running_rollouts",
        "door_session",
        "door_set_limit",
        "door_set_plan",
        "door_set_tenant_plan",
        "door_set_tenant_status",
        "door_settle_erasure",
        "door_stock",
        "door_take_place",
        "door_tell_owners",
        "door_tenant_made_by",
        "door_tenant_named",
        "door_tenant_plan",
        "door_tenant_sizes",
        "door_tenant_spend",
        "door_tenants_after",
        "door_user_by_email",
        "door_work_depth",
        "erase_conversations",
        "erase_upgrades",
        "expire_conversations",
        "expire_idempotency_keys",
        "forget_audit_entries",
        "has_no_lists",
        "hidden_collections",
        "hidden_documents",
        "hides_any",
        "principals_of_private_rows",
        "readable_lists",
        "reader_marks",
        "search_frequencies",
        "search_passages",
        "sweep_contract_operations",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_table_has_row_level_security_enabled_and_forced_or_is_known_to_belong_to_no_tenant()
    {
        var open = await QueryAsync<string>(
            """
            SELECT relname::text FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
              AND NOT (relrowsecurity AND relforcerowsecurity)
            ORDER BY relname
            """
        );

        Assert.Equal(WithoutTenant.Order(), open.Where(name => !IsSchedule(name)));
    }

    [Fact]
    public async Task Every_tenant_table_has_exactly_the_two_policies_and_they_say_what_they_must()
    {
        const string tenant = "(tenant_id = current_tenant())";
        const string principal = "((tenant_id = current_tenant()) AND (principal_id = current_principal()))";
        var wrong = new List<string>();

        foreach (var table in await TenantTablesAsync())
        {
            var expected = OfPrincipals.Contains(table) ? principal : tenant;
            var name = OfPrincipals.Contains(table) ? "principal_only" : "tenant_only";
            var found = await PoliciesAsync(table);
            string[] wanted =
            [
                $"{name} ALL {{chancery_app}} PERMISSIVE using {expected} check {expected}",
                "owner_all ALL {chancery_owner} PERMISSIVE using true check true",
            ];
            if (!found.Where(policy => !IsOfReaders(policy)).Order().SequenceEqual(wanted.Order()))
            {
                wrong.Add($"{table}: {string.Join("; ", found)}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Every_table_of_documents_and_contracts_shows_only_those_that_the_sessions_reader_may_read()
    {
        var bound = new List<string>();
        foreach (var table in await TenantTablesAsync())
        {
            var policies = (await PoliciesAsync(table)).Where(IsOfReaders).ToArray();
            if (policies.Length == 1 && policies[0].Contains("reads_everything()", StringComparison.Ordinal))
            {
                bound.Add(table);
            }
        }

        var naming = await QueryAsync<string>(
            """
            SELECT DISTINCT table_name::text FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name = 'document_id'
            """
        );

        Assert.Equal(OfDocuments, bound);
        Assert.Empty(naming.Except(OfDocuments).Except(BesideDocuments));
    }

    [Fact]
    public async Task People_are_seen_by_their_tenants_and_changed_by_themselves_only()
    {
        var found = (await PoliciesAsync(People)).Select(policy => string.Join(' ', policy.Split(' ').Take(4)));

        Assert.Equal(
            [
                "own_row UPDATE {chancery_app} PERMISSIVE",
                "owner_all ALL {chancery_owner} PERMISSIVE",
                "people_of_the_tenant SELECT {chancery_app} PERMISSIVE",
                "sign_up INSERT {chancery_app} PERMISSIVE",
            ],
            found.Order()
        );
    }

    [Fact]
    public async Task What_is_one_persons_is_seen_and_changed_in_sessions_of_theirs_only()
    {
        const string person = "(user_id = current_principal())";
        foreach (var table in OfOnePerson)
        {
            Assert.Equal(
                [
                    "owner_all ALL {chancery_owner} PERMISSIVE using true check true",
                    $"person_only ALL {{chancery_app}} PERMISSIVE using {person} check {person}",
                ],
                await PoliciesAsync(table)
            );
        }
    }

    [Fact]
    public async Task Every_tenant_tables_primary_key_starts_with_the_tenant()
    {
        var first = await QueryAsync<(string Table, string? Column)>(
            """
            SELECT c.relname::text, a.attname::text
            FROM pg_class AS c
            LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
            LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            """
        );
        var tenantTables = await TenantTablesAsync();

        var wrong = first.Where(row => tenantTables.Contains(row.Table) && row.Column != "tenant_id");

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Every_function_with_the_owners_rights_is_in_the_list_has_a_fixed_search_path_and_is_not_public()
    {
        var found = await QueryAsync<(string Name, string Settings, bool IsPublic)>(
            """
            SELECT p.proname::text, coalesce(array_to_string(p.proconfig, ','), ''),
                   has_function_privilege('public', p.oid, 'EXECUTE')
            FROM pg_proc AS p
            WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
            ORDER BY p.proname
            """
        );

        Assert.Equal(Definers, found.Select(function => function.Name).Distinct());
        Assert.All(found, function => Assert.Equal("search_path=public, pg_temp", function.Settings));
        Assert.All(found, function => Assert.False(function.IsPublic, $"{function.Name} is everybody's"));
    }

    [Fact]
    public async Task The_searching_functions_take_the_tenant_from_the_session()
    {
        var sources = await QueryAsync<(string Name, string Source, string Arguments)>(
            """
            SELECT proname::text, prosrc, pg_get_function_identity_arguments(oid)
            FROM pg_proc WHERE prosecdef AND proname NOT LIKE 'door\_%' AND pronamespace = 'public'::regnamespace
            """
        );

        Assert.All(sources, function => Assert.Contains("current_tenant()", function.Source, StringComparison.Ordinal));
        Assert.All(sources, function => Assert.DoesNotContain("tenant", function.Arguments, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_applications_role_can_bypass_nothing_and_owns_nothing()
    {
        var role = Assert.Single(
            await QueryAsync<(bool Super, bool Bypass, bool Roles, bool Databases, bool Inherits)>(
                """
                SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit
                FROM pg_roles WHERE rolname = 'chancery_app'
                """
            )
        );
        var owned = await QueryAsync<string>(
            """
            SELECT relname::text FROM pg_class WHERE relowner = 'chancery_app'::regrole
            UNION ALL SELECT proname::text FROM pg_proc WHERE proowner = 'chancery_app'::regrole
            UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspowner = 'chancery_app'::regrole
            """
        );
        var memberOf = await QueryAsync<string>(
            "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'chancery_app'::regrole"
        );
        var mayCreate = Assert.Single(
            await QueryAsync<bool>("SELECT has_schema_privilege('chancery_app', 'public', 'CREATE')")
        );

        Assert.Equal((false, false, false, false, false), role);
        Assert.Empty(owned);
        Assert.Empty(memberOf);
        Assert.False(mayCreate);
    }

    [Fact]
    public async Task The_owner_of_the_tables_cannot_sign_in_and_cannot_bypass_policies()
    {
        var role = Assert.Single(
            await QueryAsync<(bool Super, bool Bypass, bool Login)>(
                "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = 'chancery_owner'"
            )
        );
        var owners = await QueryAsync<string>(
            """
            SELECT DISTINCT relowner::regrole::text FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
              AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
            """
        );

        Assert.Equal((false, false, false), role);
        Assert.Equal(["chancery_owner"], owners);
    }

    [Fact]
    public async Task Grants_are_the_expected_ones_and_nobody_else_has_any()
    {
        var grants = await QueryAsync<(string Table, string Grantee, string Privileges)>(
            """
            SELECT table_name::text, grantee::text, string_agg(privilege_type, ',' ORDER BY privilege_type)
            FROM information_schema.role_table_grants
            WHERE table_schema = 'public' AND grantee <> 'chancery_owner'
            GROUP BY table_name, grantee ORDER BY table_name
            """
        );
        var ours = grants.Where(grant => !IsExtensions(grant.Table)).ToList();

        Assert.Equal(["chancery_app"], ours.Select(grant => grant.Grantee).Distinct());
        foreach (var (table, _, privileges) in ours)
        {
            var expected = table switch
            {
                "migrations" or "operators" or "installation_budgets" or "plans" => "SELECT",
                "ledger_state" => "SELECT,UPDATE",
                "usage_entries"
                or "audit_entries"
                or "audit_imported_keys"
                or "audit_heads"
                or "audit_people"
                or "contract_revisions"
                or "operator_accesses"
                or "prompt_versions"
                or "prompt_label_moves" => "INSERT,SELECT",
                "audit_chains" => "INSERT,SELECT,UPDATE",
                "installation_keys" or "prompt_releases" => "INSERT,SELECT,UPDATE",
                People => "INSERT",
                _ => "DELETE,INSERT,SELECT,UPDATE",
            };
            Assert.True(expected == privileges, $"{table}: {privileges}");
        }
    }

    [Fact]
    public async Task The_application_cannot_read_a_password_hash_but_through_the_door()
    {
        var columns = await QueryAsync<string>(
            """
            SELECT column_name::text FROM information_schema.column_privileges
            WHERE table_name = 'users' AND grantee = 'chancery_app' AND privilege_type = 'SELECT' ORDER BY 1
            """
        );

        Assert.Equal(["created_at", "email", "name", "user_id"], columns);
    }

    private async Task<IReadOnlyList<string>> TenantTablesAsync() =>
        [
            .. (
                await QueryAsync<string>(
                    """
                    SELECT relname::text FROM pg_class
                    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname
                    """
                )
            ).Where(name =>
                !WithoutTenant.Contains(name) && !IsSchedule(name) && name != People && !OfOnePerson.Contains(name)
            ),
        ];

    private async Task<IReadOnlyList<string>> PoliciesAsync(string table) =>
        await QueryAsync<string>(
            """
            SELECT policyname || ' ' || cmd || ' ' || roles::text || ' ' || permissive || ' using ' ||
                   coalesce(qual, '-') || ' check ' || coalesce(with_check, '-')
            FROM pg_policies WHERE schemaname = 'public' AND tablename = @table ORDER BY policyname
            """,
            new { table }
        );

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? arguments = null)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return (
            await connection.QueryAsync<T>(new CommandDefinition(sql, arguments, cancellationToken: Cancel))
        ).AsList();
    }

    private static bool IsOfReaders(string policy) =>
        policy.StartsWith("readable SELECT {chancery_app} RESTRICTIVE using ", StringComparison.Ordinal);

    private static bool IsSchedule(string table) => table.StartsWith(SchedulePrefix, StringComparison.Ordinal);

    private static bool IsExtensions(string table) => table.StartsWith("pg_", StringComparison.Ordinal);
}
