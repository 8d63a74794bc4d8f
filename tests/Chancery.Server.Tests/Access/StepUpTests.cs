using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Chancery.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

/// <summary>Dangerous actions, and what an organisation asks of sign-ins.</summary>
public sealed class StepUpTests(SecondFactorFixture chancery) : IClassFixture<SecondFactorFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>All that is dangerous, in one place. A route that comes or goes is a decision.</summary>
    private static readonly string[] Dangerous =
    [
        "AddPasskey",
        "AskForPasskey",
        "BeginTotp",
        "ChangeClient",
        "ChangeMember",
        "ChangeMyPassword",
        "ChangeServiceAccount",
        "ConfirmTotp",
        "CreateClient",
        "CreateIdentityIssuer",
        "CreateKey",
        "CreateServiceAccount",
        "DeleteClient",
        "DeleteIdentityIssuer",
        "DeleteServiceAccount",
        "ExportAudit",
        "ExportOrganization",
        "Invite",
        "MakeRecoveryCodes",
        "OrderErasure",
        "RemoveMember",
        "RemovePasskey",
        "RemoveTotp",
        "ReplaceIdentityIssuer",
        "ResetSecondFactors",
        "RevokeKey",
        "RotateClientSecret",
        "RotateKey",
        "SetGroupRole",
        "SetSignInPolicy",
    ];

    [Fact]
    public void The_dangerous_routes_are_these()
    {
        var found = chancery
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<StepUpMetadata>() is not null)
            .Select(endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName);

        Assert.Equal(Dangerous, found.Order(StringComparer.Ordinal));
    }

    /// <summary>What a person alone may do with others' ways in, and is not asked for anew.</summary>
    private static readonly Dictionary<string, string> Harmless = new(StringComparer.Ordinal)
    {
        ["AddGroupMember"] = "it lets a member read more, who is in already",
        ["CancelErasure"] = "it takes back what was dangerous",
        ["ChangeOrganization"] = "it is a name",
        ["CheckIdentityIssuer"] = "it changes nothing",
        ["CreateGroup"] = "an empty group lets nobody do anything",
        ["DeleteGroup"] = "it lets nobody in",
        ["RemoveGroupMember"] = "it lets nobody in",
        ["RenameGroup"] = "it is a name",
        ["SetOrganizationModels"] = "it is about models, and lets nobody in",
    };

    [Fact]
    public void What_only_a_person_may_manage_is_dangerous_or_says_why_it_is_not()
    {
        var open = chancery
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.Where(endpoint =>
                endpoint.Metadata.GetMetadata<PersonalRoute>() is not null
                && endpoint.Metadata.GetMetadata<StepUpMetadata>() is null
                && endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("GET") != true
                && endpoint
                    .Metadata.GetOrderedMetadata<IAuthorizeData>()
                    .Any(data => data.Policy?.EndsWith(":manage", StringComparison.Ordinal) == true)
            )
            .Select(endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName)
            .ToList();

        Assert.Equal(Harmless.Keys.Order(StringComparer.Ordinal), open.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_dangerous_action_after_ten_minutes_asks_for_the_password_and_goes_on_after_it()
    {
        var olga = await chancery.SignUpAsync();
        await olga.CreateKeyAsync();
        chancery.Clock.Advance(TimeSpan.FromMinutes(11));

        var refused = await olga.Http.PostAsync("/api/v1/keys", new { name = "second", role = "viewer" });
        var problem = await refused.ReadAsync(HttpStatusCode.Forbidden);
        var wrong = await olga.Http.PostAsync("/api/v1/auth/step-up", new { password = "not the password" });
        var proven = await olga.Http.PostAsync("/api/v1/auth/step-up", new { password = olga.Password });

        Assert.Equal("step-up-required", problem.GetProperty("code").GetString());
        Assert.Equal(600, problem.GetProperty("max_age").GetInt64());
        Assert.Equal("password", Assert.Single(problem.GetProperty("factors").EnumerateArray()).GetString());
        Assert.Contains(
            "insufficient_user_authentication",
            refused.Headers.WwwAuthenticate.ToString(),
            StringComparison.Ordinal
        );
        Assert.Contains("max_age=\"600\"", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Equal("invalid", await wrong.CodeAsync(HttpStatusCode.BadRequest));
        Assert.Equal(HttpStatusCode.OK, proven.StatusCode);
        await olga.CreateKeyAsync();
    }

    [Fact]
    public async Task Whoever_has_a_second_factor_steps_up_with_it_and_not_with_the_password()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        chancery.Clock.Advance(TimeSpan.FromMinutes(11));

        var password = await olga.Http.PostAsync("/api/v1/auth/step-up", new { password = olga.Password });
        var still = await olga.Http.PostAsync("/api/v1/keys", new { name = "a", role = "viewer" });
        var code = await olga.Http.PostAsync("/api/v1/auth/step-up", new { code = app.Code() });
        var replayed = await olga.Http.PostAsync("/api/v1/auth/step-up", new { code = app.Code() });

        Assert.Equal("invalid", await password.CodeAsync(HttpStatusCode.BadRequest));
        Assert.Equal("step-up-required", await still.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal(HttpStatusCode.OK, code.StatusCode);
        Assert.Equal("invalid", await replayed.CodeAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Keys_are_nobody_who_could_prove_anything_and_are_not_asked()
    {
        var olga = await chancery.SignUpAsync();
        var (key, _) = await olga.CreateKeyAsync("admin");
        chancery.Clock.Advance(TimeSpan.FromMinutes(30));
        using var client = chancery.WithToken(key);

        var exported = await client.GetAsync("/api/v1/audit/export", Cancel);

        Assert.Equal(HttpStatusCode.OK, exported.StatusCode);
    }

    [Fact]
    public async Task What_is_not_dangerous_is_open_to_an_old_sign_in()
    {
        var olga = await chancery.SignUpAsync();
        chancery.Clock.Advance(TimeSpan.FromMinutes(12));

        Assert.Equal(HttpStatusCode.OK, (await olga.Http.GetAsync("/api/v1/docs", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_required_second_factor_closes_everything_but_its_setup_to_those_who_are_signed_in_already()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        await SetPolicyAsync(olga, "required", graceDays: 0);

        var refused = await vera.Http.GetAsync("/api/v1/docs", Cancel);
        var open = await vera.Http.GetAsync("/api/v1/me/second-factors", Cancel);
        var app = await chancery.AddAppAsync(vera);
        var after = await vera.Http.GetAsync("/api/v1/docs", Cancel);

        Assert.Equal("second-factor-setup-required", await refused.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("required", (await open.ReadAsync()).GetProperty("policy").GetString());
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.NotEmpty(app.RecoveryCodes);
    }

    [Fact]
    public async Task During_the_grace_nothing_is_closed_and_after_it_everything()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        await SetPolicyAsync(olga, "required", graceDays: 1);

        var during = await vera.Http.GetAsync("/api/v1/docs", Cancel);
        var mine = await (await vera.Http.GetAsync("/api/v1/me/second-factors", Cancel)).ReadAsync();

        Assert.Equal(HttpStatusCode.OK, during.StatusCode);
        Assert.Equal(
            chancery.Clock.GetUtcNow().AddDays(1),
            mine.GetProperty("required_from").GetDateTimeOffset(),
            TimeSpan.FromMinutes(5)
        );
        chancery.Clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1));
        using var client = chancery.Anonymous();
        var tokens = await (
            await client.PostAsync("/api/v1/auth/login", new { email = vera.Email, password = vera.Password })
        ).ReadAsync();
        using var later = chancery.WithToken(tokens.GetProperty("access_token").GetString()!);
        Assert.Equal(
            "second-factor-setup-required",
            await (await later.GetAsync("/api/v1/docs", Cancel)).CodeAsync(HttpStatusCode.Forbidden)
        );
    }

    [Fact]
    public async Task A_rule_for_owners_and_admins_asks_nothing_of_others()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        var ada = await chancery.InviteAsync(olga, "admin");
        var (key, _) = await olga.CreateKeyAsync("viewer");
        await SetPolicyAsync(olga, "required", graceDays: 0, people: "managers");
        using var program = chancery.WithToken(key);

        Assert.Equal(HttpStatusCode.OK, (await vera.Http.GetAsync("/api/v1/docs", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await program.GetAsync("/api/v1/docs", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.Http.GetAsync("/api/v1/docs", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_sign_in_from_before_the_factor_is_asked_to_give_it_and_then_open()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        using var client = chancery.Anonymous();
        var tokens = await (
            await client.PostAsync("/api/v1/auth/login", new { email = vera.Email, password = vera.Password })
        ).ReadAsync();
        using var other = chancery.WithToken(tokens.GetProperty("access_token").GetString()!);
        var app = await chancery.AddAppAsync(vera);
        await SetPolicyAsync(olga, "required", graceDays: 0);

        var asked = await other.GetAsync("/api/v1/docs", Cancel);
        var given = await other.PostAsync("/api/v1/auth/step-up", new { code = app.Code() });
        var open = await other.GetAsync("/api/v1/docs", Cancel);

        Assert.Equal("step-up-required", await asked.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Contains("acr_values", asked.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, given.StatusCode);
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
    }

    [Fact]
    public async Task The_page_leads_whoever_lacks_a_required_factor_to_its_setup()
    {
        var olga = await chancery.SignUpAsync();
        await SetPolicyAsync(olga, "required", graceDays: 0);

        using var page = await olga.Http.GetAsync("/documents", Cancel);
        using var setup = await olga.Http.GetAsync("/second-factor", Cancel);

        Assert.Equal("/second-factor?return_url=%2Fdocuments", page.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, setup.StatusCode);
    }

    [Fact]
    public async Task An_owner_takes_away_a_members_factors_whose_sign_ins_end()
    {
        var olga = await chancery.SignUpAsync();
        var vera = await chancery.InviteAsync(olga, "viewer");
        await chancery.AddAppAsync(vera);

        var reset = await olga.Http.DeleteAsync($"/api/v1/members/{vera.UserId}/second-factors", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, reset.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await vera.Http.GetAsync("/api/v1/me", Cancel)).StatusCode);
        using var client = chancery.Anonymous();
        var signedIn = await client.PostAsync(
            "/api/v1/auth/login",
            new { email = vera.Email, password = vera.Password }
        );
        Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
    }

    [Fact]
    public async Task Factors_are_taken_away_by_owners_only_and_never_of_somebody_of_another_organisation_too()
    {
        var olga = await chancery.SignUpAsync();
        var ada = await chancery.InviteAsync(olga, "admin");
        var guest = await chancery.SignUpAsync("Guest");
        var invited = await (
            await olga.Http.PostAsync("/api/v1/invitations", new { email = guest.Email, role = "viewer" })
        ).ReadAsync(HttpStatusCode.Created);
        using var client = chancery.Anonymous();
        await (
            await client.PostAsync(
                "/api/v1/invitations/accept",
                new { token = invited.GetProperty("token").GetString(), password = guest.Password }
            )
        ).ReadAsync();

        var byAdmin = await ada.Http.DeleteAsync($"/api/v1/members/{olga.UserId}/second-factors", Cancel);
        var ofGuest = await olga.Http.DeleteAsync($"/api/v1/members/{guest.UserId}/second-factors", Cancel);
        var foreign = await guest.Http.DeleteAsync($"/api/v1/members/{ada.UserId}/second-factors", Cancel);

        Assert.Equal("owners-only", await byAdmin.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("member-of-several", await ofGuest.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("not-found", await foreign.CodeAsync(HttpStatusCode.NotFound));
    }

    private static async Task SetPolicyAsync(TestUser owner, string rule, int graceDays, string people = "everybody")
    {
        var set = await owner.Http.PutAsJsonAsync(
            "/api/v1/organization/sign-in-policy",
            new
            {
                second_factor = rule,
                applies_to = people,
                grace_days = graceDays,
            },
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);
    }
}
