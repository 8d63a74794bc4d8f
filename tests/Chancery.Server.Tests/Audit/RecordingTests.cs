using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Audit;

/// <summary>What goes to the record: what changed something, what was refused, who came in and out, and nothing that is content.</summary>
public sealed class RecordingTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_route_that_changes_something_says_what_it_is_called_or_why_it_is_not_recorded()
    {
        var silent = chancery
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route =>
                route.Metadata.GetMetadata<HttpMethodMetadata>() is { } methods
                && methods.HttpMethods.Any(method => method is not ("GET" or "HEAD"))
            )
            .Where(route => route.Metadata.GetMetadata<AuditName>() is null)
            .Select(route => route.RoutePattern.RawText);

        Assert.Empty(silent);
    }

    [Fact]
    public void Names_of_what_is_recorded_are_a_thing_and_what_happened_to_it()
    {
        var names = chancery
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.Select(route => route.Metadata.GetMetadata<AuditName>()?.Action)
            .OfType<string>()
            .Distinct()
            .ToList();

        Assert.All(names, name => Assert.Matches("^[a-z_]+\\.[a-z_]+$", name));
        Assert.True(names.Count > 50, $"Only {names.Count} names: the route table is not whole.");
    }

    [Fact]
    public async Task A_change_is_on_record_before_its_answer_with_who_what_on_what_from_where_and_how()
    {
        var olga = await chancery.SignUpAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/collections")
        {
            Content = JsonContent.Create(new { name = "Secret plans of the canary" }),
        };
        var made = await (await olga.Http.SendAsync(request, Cancel)).ReadAsync(HttpStatusCode.Created);
        using var deleted = await olga.Http.DeleteAsync(
            new Uri($"/api/v1/collections/{made.GetProperty("id").GetGuid()}", UriKind.Relative),
            Cancel
        );

        var record = await chancery.RecordOfAsync(olga.TenantId);

        var created = Assert.Single(record, row => row.Action == "collection.created");
        Assert.Equal("succeeded", created.Outcome);
        Assert.Equal(201, created.Status);
        Assert.Equal("person", created.ActorKind);
        Assert.Equal(olga.UserId, created.ActorId);
        Assert.Equal("token", created.CredentialKind);
        Assert.Equal(made.GetProperty("id").GetString(), created.SubjectId);
        Assert.Equal("collection", created.SubjectKind);
        Assert.Equal(olga.Email, created.Email);
        Assert.Equal("127.0.0.1", created.Address);
        Assert.False(string.IsNullOrEmpty(created.TraceId));
        Assert.Equal(created.SubjectId, Assert.Single(record, row => row.Action == "collection.deleted").SubjectId);
        Assert.DoesNotContain(record, row => $"{row.Details}".Contains("canary", StringComparison.Ordinal));
        Assert.Equal(["organization.created"], record.Where(row => row.Seq == 1).Select(row => row.Action));
    }

    [Fact]
    public async Task Reading_and_asking_leave_nothing_in_the_record()
    {
        var olga = await chancery.SignUpAsync();
        var before = await chancery.RecordOfAsync(olga.TenantId);

        await (await olga.Http.GetAsync(new Uri("/api/v1/docs", UriKind.Relative), Cancel)).ReadAsync();
        await (await olga.Http.PostAsync("/api/v1/search", new { query = "anything at all" })).ReadAsync();

        Assert.Equal(before.Count, (await chancery.RecordOfAsync(olga.TenantId)).Count);
    }

    [Fact]
    public async Task Members_roles_and_keys_are_on_record_with_what_they_became()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "viewer");
        await (
            await olga.Http.PatchAsJsonAsync($"/api/v1/members/{ina.UserId}", new { role = "editor" }, Cancel)
        ).ReadAsync();
        var (_, key) = await olga.CreateKeyAsync("viewer");
        using var revoked = await olga.Http.DeleteAsync(new Uri($"/api/v1/keys/{key}", UriKind.Relative), Cancel);

        var record = await chancery.RecordOfAsync(olga.TenantId);

        Assert.Equal(
            [
                "organization.created",
                "invitation.created",
                "member.joined",
                "member.role_changed",
                "key.created",
                "key.revoked",
            ],
            record.Select(row => row.Action)
        );
        Assert.Equal("""{"role":"viewer"}""", record[2].Details);
        Assert.Equal(ina.UserId, record[2].ActorId);
        Assert.Equal("""{"role":"editor"}""", record[3].Details);
        Assert.Equal($"{ina.UserId}", record[3].SubjectId);
        Assert.Equal($"{key}", record[4].SubjectId);
        Assert.Equal("""{"role":"viewer"}""", record[4].Details);
        Assert.Equal($"{key}", record[5].SubjectId);
    }

    [Fact]
    public async Task Signing_in_and_out_is_on_record_also_by_the_forms_and_failing_is_counted()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        var body = await (
            await client.PostAsync("/api/v1/auth/login", new { email = olga.Email, password = olga.Password })
        ).ReadAsync();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            using var refused = await client.PostAsync(
                "/api/v1/auth/login",
                new { email = olga.Email, password = "wrong and long enough" }
            );
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            body.GetProperty("access_token").GetString()
        );
        using var left = await client.PostAsync("/api/v1/auth/logout", new { });
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        await chancery.Services.GetRequiredService<RefusalFlush>().RunAsync(all: true, Cancel);

        var record = await chancery.RecordOfAsync(olga.TenantId);

        Assert.Equal(
            ["organization.created", "session.opened", "session.ended", "session.refused"],
            record.Select(row => row.Action)
        );
        Assert.Equal("password", record[1].CredentialKind);
        Assert.Equal(record[1].CredentialId, record[2].CredentialId);
        Assert.Equal(3, record[3].Repeats);
        Assert.Equal("invalid-credentials", record[3].Reason);
        Assert.Equal("stranger", record[3].ActorKind);
        Assert.Equal($"{olga.UserId}", record[3].SubjectId);
    }

    [Fact]
    public async Task A_refusal_of_somebody_known_is_on_record_with_the_route_and_the_reason()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");

        using var key = await vera.Http.PostAsync("/api/v1/keys", new { name = "mine", role = "viewer" });
        using var list = await vera.Http.GetAsync(new Uri("/api/v1/keys", UriKind.Relative), Cancel);

        var refused = (await chancery.RecordOfAsync(olga.TenantId)).Where(row => row.Outcome == "refused").ToList();
        Assert.Equal(HttpStatusCode.Forbidden, key.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, list.StatusCode);
        Assert.Equal(["key.created", "request.refused"], refused.Select(row => row.Action));
        Assert.All(refused, row => Assert.Equal(vera.UserId, row.ActorId));
        Assert.All(refused, row => Assert.Equal("forbidden", row.Reason));
        Assert.Equal("""{"route":"GET /api/v1/keys"}""", refused[1].Details);
    }

    [Fact]
    public async Task A_credential_that_no_longer_counts_is_refused_alike_and_told_apart_in_the_record()
    {
        var olga = await chancery.SignUpAsync();
        var (key, id) = await olga.CreateKeyAsync();
        using var revoked = await olga.Http.DeleteAsync(new Uri($"/api/v1/keys/{id}", UriKind.Relative), Cancel);
        var gone = await AccessApi.StatusAsync(chancery.Address, key);
        // The second comes from what this process remembers.
        var again = await AccessApi.StatusAsync(chancery.Address, key);
        using var left = await olga.Http.PostAsync("/api/v1/auth/logout", new { });
        var ended = await AccessApi.StatusAsync(chancery.Address, olga.AccessToken);

        var refused = (await chancery.RecordOfAsync(olga.TenantId)).Where(row => row.Outcome == "refused").ToList();

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized],
            [gone, again, ended]
        );
        Assert.Equal(["key", "key", "person"], refused.Select(row => row.ActorKind));
        Assert.Equal([id, id, olga.UserId], refused.Select(row => row.ActorId!.Value));
        Assert.Equal(["unauthenticated", "unauthenticated", "unauthenticated"], refused.Select(row => row.Reason));
        Assert.Equal(
            ["key-revoked", "key-revoked", "session-ended"],
            refused.Select(row =>
                System.Text.Json.JsonDocument.Parse(row.Details!).RootElement.GetProperty("credential").GetString()
            )
        );
    }

    [Fact]
    public async Task Looking_for_what_is_not_there_or_not_ones_own_is_counted()
    {
        var olga = await chancery.SignUpAsync();
        var neighbour = await chancery.SignUpAsync();
        var document = (await neighbour.ReadyTextAsync("# Theirs\n\nNothing for Olga.", "theirs.md")).GetProperty("id");

        for (var attempt = 0; attempt < 4; attempt++)
        {
            using var answer = await olga.Http.GetAsync(new Uri($"/api/v1/docs/{document}", UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        await chancery.Services.GetRequiredService<RefusalFlush>().RunAsync(all: true, Cancel);
        var refused = Assert.Single(await chancery.RecordOfAsync(olga.TenantId), row => row.Outcome == "refused");
        Assert.Equal(("request.refused", 404, 4), (refused.Action, refused.Status, refused.Repeats));
        Assert.DoesNotContain(await chancery.RecordOfAsync(neighbour.TenantId), row => row.Outcome == "refused");
    }

    [Fact]
    public async Task A_flood_of_strangers_costs_few_rows_and_every_one_of_them_is_counted()
    {
        using var client = chancery.Anonymous();
        var before = (await chancery.RecordOfAsync(AuditActor.Installation)).Count;
        var flush = chancery.Services.GetRequiredService<RefusalFlush>();
        await flush.RunAsync(all: true, Cancel);
        before = (await chancery.RecordOfAsync(AuditActor.Installation)).Count;

        await Parallel.ForAsync(
            0,
            300,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel },
            async (_, cancellation) =>
            {
                using var answer = await client.GetAsync(
                    new Uri("/api/v1/audit-flood-me", UriKind.Relative),
                    cancellation
                );
                using var refused = await client.GetAsync(new Uri("/api/v1/me", UriKind.Relative), cancellation);
            }
        );
        await flush.RunAsync(all: true, Cancel);

        var rows = (await chancery.RecordOfAsync(AuditActor.Installation)).Skip(before).ToList();
        var flood = rows.Where(row => row is { Status: 401, Reason: "unauthenticated" }).ToList();
        Assert.Equal(300, flood.Sum(row => row.Repeats));
        // A minute may have ended in between.
        Assert.InRange(flood.Count, 1, 3);
    }

    [Fact]
    public async Task A_flood_by_a_known_key_stands_alone_so_often_and_is_counted_then()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var before = (await chancery.RecordOfAsync(olga.TenantId)).Count;

        for (var attempt = 0; attempt < RefusalCounter.AloneInAMinute + 40; attempt++)
        {
            using var list = await vera.Http.GetAsync(new Uri("/api/v1/keys", UriKind.Relative), Cancel);
        }

        await chancery.Services.GetRequiredService<RefusalFlush>().RunAsync(all: true, Cancel);
        var rows = (await chancery.RecordOfAsync(olga.TenantId)).Skip(before).ToList();
        Assert.Equal(RefusalCounter.AloneInAMinute + 40, rows.Sum(row => row.Repeats));
        // Where a minute ends in between, one more counts alone.
        Assert.InRange(rows.Count, RefusalCounter.AloneInAMinute + 1, RefusalCounter.AloneInAMinute + 41);
    }

    [Fact]
    public async Task What_an_operator_does_is_in_the_installations_record_and_the_organisations_own()
    {
        var olga = await chancery.SignUpAsync();
        var operators = new OperatorDirectory(chancery.Owner);
        var name = $"Ops {Guid.CreateVersion7()}";
        var token = await operators.CreateAsync(name, TimeProvider.System.GetUtcNow(), Cancel);
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        using var suspended = await client.PostAsync($"/operator/tenants/{olga.TenantId}/suspend", new { });
        using var resumed = await client.PostAsync($"/operator/tenants/{olga.TenantId}/resume", new { });

        var installation = (await chancery.RecordOfAsync(AuditActor.Installation))
            .Where(row => row.SubjectId == $"{olga.TenantId}")
            .ToList();
        Assert.Equal(["organization.suspended", "organization.resumed"], installation.Select(row => row.Action));
        Assert.All(installation, row => Assert.Equal(("operator", name), (row.ActorKind, row.Name)));
        Assert.Equal(
            ["organization.created", "organization.suspended", "organization.resumed"],
            (await chancery.RecordOfAsync(olga.TenantId)).Select(row => row.Action)
        );
    }

    [Fact]
    public async Task An_answer_that_is_given_again_is_on_record_once()
    {
        var olga = await chancery.SignUpAsync();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/groups")
            {
                Content = JsonContent.Create(new { name = "Once" }),
            };
            request.Headers.Add("Idempotency-Key", "the-same");
            using var answer = await olga.Http.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        }

        Assert.Single(await chancery.RecordOfAsync(olga.TenantId), row => row.Action == "group.created");
    }

    [Fact]
    public async Task Two_writers_link_what_waits_into_one_chain_without_a_gap_or_a_copy()
    {
        var tenant = Guid.CreateVersion7();
        var writer = chancery.Services.GetRequiredService<ChainWriter>();
        var trail = chancery.Services.GetRequiredService<AuditTrail>();

        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(async number =>
                {
                    for (var at = 0; at < 25; at++)
                    {
                        await trail.RecordAsync(
                            new AuditEvent(AuditActor.Server(tenant), "test.happened", AuditOutcome.Succeeded)
                            {
                                SubjectId = $"{number}-{at}",
                            }
                        );
                        await writer.LinkAsync(tenant, Cancel);
                    }
                })
        );

        var record = await chancery.RecordOfAsync(tenant);
        Assert.Equal(Enumerable.Range(1, 100).Select(seq => (long)seq), record.Select(row => row.Seq));
        Assert.Equal(100, record.Select(row => row.SubjectId).Distinct().Count());
    }

    [Theory]
    [InlineData("UPDATE audit_entries SET action = 'other'")]
    [InlineData("DELETE FROM audit_entries")]
    [InlineData("TRUNCATE audit_entries")]
    [InlineData("DELETE FROM audit_heads")]
    [InlineData("UPDATE audit_people SET hash = salt")]
    public async Task The_applications_role_can_change_and_remove_nothing(string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);
        await using var command = source.CreateCommand(sql);

        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => command.ExecuteNonQueryAsync(Cancel));

        Assert.Equal(Npgsql.PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }
}
