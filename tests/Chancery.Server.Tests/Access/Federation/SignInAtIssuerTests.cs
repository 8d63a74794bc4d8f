using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Testing.Identity;
using Microsoft.AspNetCore.Http;

namespace Chancery.Server.Tests.Access.Federation;

/// <summary>People who come from the operator's issuer, and an issuer that errs in every way.</summary>
public sealed class SignInAtIssuerTests : IClassFixture<OperatorIssuerFixture>
{
    private readonly OperatorIssuerFixture _chancery;

    public SignInAtIssuerTests(OperatorIssuerFixture chancery)
    {
        _chancery = chancery;
        Issuer.Reset();
        Issuer.Time = chancery.Clock;
        // What failed in the test before is tried again.
        chancery.Clock.Ahead += TimeSpan.FromSeconds(11);
    }

    private ForeignIssuer Issuer => _chancery.Issuer;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_with_a_verified_address_of_the_domain_joins_with_the_strongest_role_of_their_claim()
    {
        var ina = OperatorIssuerFixture.Somebody() with
        {
            Claims = new JsonObject
            {
                ["realm_access"] = new JsonObject { ["roles"] = new JsonArray("staff", "legal", "urn:heads") },
            },
        };
        using var browser = _chancery.Browser();

        using var arrived = await ComeAsync(browser, ina, "/documents?tag=a");
        var me = await MeAsync(browser);

        Assert.Equal("/documents?tag=a", arrived.Headers.Location!.OriginalString);
        Assert.Equal(ina.Email, me.GetProperty("email").GetString());
        Assert.Equal("Ina Issued", me.GetProperty("name").GetString());
        Assert.Equal("admin", me.GetProperty("role").GetString());
        Assert.Equal(_chancery.Owner1.TenantId, me.GetProperty("tenant_id").GetGuid());
    }

    [Fact]
    public async Task The_sign_in_page_offers_the_issuer_and_takes_the_way_on_along()
    {
        using var browser = _chancery.Browser();

        using var page = await browser.GetAsync("/login?return_url=%2Fusage");
        var html = await page.Content.ReadAsStringAsync(Cancel);

        Assert.Contains("Sign in with Example login", html, StringComparison.Ordinal);
        Assert.Contains("/login/with/sso?return_url=%2Fusage", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_comes_again_is_the_same_person_by_subject_whatever_their_address_says_now_and_has_the_role_of_now()
    {
        var ina = OperatorIssuerFixture.Somebody();
        using var first = _chancery.Browser();
        using var joined = await ComeAsync(first, ina);
        var before = await MeAsync(first);

        var changed = ina with
        {
            Email = "other@elsewhere.example",
            IsVerified = false,
            Claims = new JsonObject { ["realm_access"] = new JsonObject { ["roles"] = "legal" } },
        };
        using var second = _chancery.Browser();
        using var again = await ComeAsync(second, changed);
        var after = await MeAsync(second);

        Assert.Equal(before.GetProperty("id").GetGuid(), after.GetProperty("id").GetGuid());
        Assert.Equal("viewer", before.GetProperty("role").GetString());
        Assert.Equal("editor", after.GetProperty("role").GetString());
        Assert.Equal(ina.Email, after.GetProperty("email").GetString());
    }

    [Theory]
    [InlineData("elsewhere.example", true, "no-account")]
    [InlineData("sub.example.com.evil.example", true, "no-account")]
    [InlineData("example.com", false, "no-verified-email")]
    public async Task Who_has_no_verified_address_of_the_domain_does_not_join(string domain, bool verified, string code)
    {
        using var browser = _chancery.Browser();

        using var arrived = await ComeAsync(
            browser,
            OperatorIssuerFixture.Somebody(domain) with
            {
                IsVerified = verified,
            }
        );

        Refused(arrived, code);
    }

    [Fact]
    public async Task An_account_with_the_same_address_is_linked_only_after_its_owner_signed_in_to_it_once()
    {
        var olga = await _chancery.SignUpAsync("Globex");
        var foreign = new ForeignPerson($"s-{Guid.CreateVersion7():n}", olga.Email);
        using var browser = _chancery.Browser();

        using var sent = await ComeAsync(browser, foreign);
        var location = sent.Headers.Location!.OriginalString;
        Assert.StartsWith("/login?done=link&", location, StringComparison.Ordinal);
        Assert.False(browser.IsSignedIn);
        using var page = await browser.GetAsync(location);
        using var proven = await browser.SubmitAsync(
            page,
            "/login",
            ("email", olga.Email),
            ("password", olga.Password)
        );
        using var linked = await browser.GetAsync(proven.Headers.Location!.OriginalString);
        using var other = _chancery.Browser();
        using var direct = await ComeAsync(other, foreign);
        var me = await MeAsync(other);

        Assert.Equal("/", linked.Headers.Location!.OriginalString);
        Assert.Equal("/", direct.Headers.Location!.OriginalString);
        Assert.Equal(olga.UserId, me.GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task A_link_is_not_made_for_somebody_else_who_signs_in_meanwhile()
    {
        var olga = await _chancery.SignUpAsync("Globex");
        var mallory = await _chancery.SignUpAsync("Initech");
        var foreign = new ForeignPerson($"s-{Guid.CreateVersion7():n}", olga.Email);
        using var browser = _chancery.Browser();
        using var sent = await ComeAsync(browser, foreign);

        using var page = await browser.GetAsync(sent.Headers.Location!.OriginalString);
        using var proven = await browser.SubmitAsync(
            page,
            "/login",
            ("email", mallory.Email),
            ("password", mallory.Password)
        );
        using var refused = await browser.GetAsync("/login/link");
        using var other = _chancery.Browser();
        using var again = await ComeAsync(other, foreign);

        Assert.StartsWith("/login?done=link&", again.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_was_removed_does_not_come_back_by_signing_in()
    {
        var ina = OperatorIssuerFixture.Somebody();
        using var browser = _chancery.Browser();
        using var joined = await ComeAsync(browser, ina);
        var id = (await MeAsync(browser)).GetProperty("id").GetGuid();

        using var owner = await _chancery.OwnerAsync();
        using var removed = await owner.DeleteAsync($"/api/v1/members/{id}", Cancel);
        using var other = _chancery.Browser();
        using var again = await ComeAsync(other, ina);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        // There is an account of that address still, which nobody can sign in to here.
        Assert.StartsWith("/login?done=link&", again.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.False(other.IsSignedIn);
    }

    public static TheoryData<string, string> TokenFaults =>
        new()
        {
            { "wrong issuer", "issuer" },
            { "wrong audience", "audience" },
            { "several audiences without a party", "several audiences" },
            { "another authorized party", "authorized party" },
            { "no signature", "algorithm none" },
            { "HS256 with the public key", "algorithm HS256" },
            { "RS256 with a published key", "algorithm RS256" },
            { "ES256 by a key of another kind", "unknown key" },
            { "a key that is not published", "unknown key" },
            { "a key in the header", "signature" },
            { "a changed payload", "signature" },
            { "no key id", "no key id" },
            { "a critical extension", "critical header" },
            { "an access token", "type at+jwt" },
            { "expired", "expired" },
            { "no expiry", "no expiry" },
            { "not yet valid", "not yet valid" },
            { "issued in the future", "not yet valid" },
            { "no nonce", "no nonce" },
            { "wrong nonce", "nonce" },
            { "no subject", "subject" },
            { "no token", "no ID token" },
            { "no JSON Web Token", "no token" },
        };

    [Theory]
    [MemberData(nameof(TokenFaults))]
    public async Task An_ID_token_with_a_fault_signs_nobody_in_and_the_log_alone_says_why(string fault, string why)
    {
        var ina = OperatorIssuerFixture.Somebody();
        Break(fault);
        using var browser = _chancery.Browser();

        using var arrived = await ComeAsync(browser, ina);

        Refused(arrived, "issuer-refused");
        Assert.False(browser.IsSignedIn);
        Assert.EndsWith($"was refused: {why}", _chancery.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_minute_of_clock_is_forgiven_either_way()
    {
        foreach (var seconds in new[] { -25, 25 })
        {
            Issuer.IdToken = (_, payload) =>
            {
                var now = _chancery.Clock.GetUtcNow().ToUnixTimeSeconds();
                payload["nbf"] = now + Math.Max(seconds, 0);
                payload["iat"] = now + Math.Max(seconds, 0);
                payload["exp"] = seconds < 0 ? now + seconds : now + 300;
            };
            using var browser = _chancery.Browser();

            using var arrived = await ComeAsync(browser, OperatorIssuerFixture.Somebody());

            Assert.Equal("/", arrived.Headers.Location!.OriginalString);
        }
    }

    [Fact]
    public async Task An_answer_counts_once_in_the_browser_that_asked_and_with_its_state()
    {
        using var browser = _chancery.Browser();
        using var begun = await browser.GetAsync("/login/with/sso");
        var kept = browser.Cookies;
        var callback = Issuer.Authorize(begun.Headers.Location!.OriginalString, OperatorIssuerFixture.Somebody());

        using var stranger = _chancery.Browser();
        using var elsewhere = await stranger.GetAsync(callback);
        using var arrived = await browser.GetAsync(callback);
        using var thief = _chancery.Browser();
        thief.Cookies = kept;
        using var replayed = await thief.GetAsync(callback);
        using var other = _chancery.Browser();
        using var asked = await other.GetAsync("/login/with/sso");
        var wrong = Issuer.Authorize(asked.Headers.Location!.OriginalString, OperatorIssuerFixture.Somebody());
        using var mixed = await other.GetAsync(wrong[..wrong.IndexOf("state=", StringComparison.Ordinal)] + "state=x");

        Refused(elsewhere, "form-expired");
        Assert.Equal("/", arrived.Headers.Location!.OriginalString);
        Refused(replayed, "issuer-refused");
        Refused(mixed, "issuer-refused");
    }

    [Fact]
    public async Task An_issuer_that_says_so_must_name_itself_in_its_answer()
    {
        _chancery.ForgetIssuer();
        Issuer.Discovery = document => document["authorization_response_iss_parameter_supported"] = true;
        using var browser = _chancery.Browser();
        using var begun = await browser.GetAsync("/login/with/sso");
        var callback = Issuer.Authorize(begun.Headers.Location!.OriginalString, OperatorIssuerFixture.Somebody());

        using var unnamed = await browser.GetAsync(callback);
        using var second = _chancery.Browser();
        using var asked = await second.GetAsync("/login/with/sso");
        var named = Issuer.Authorize(asked.Headers.Location!.OriginalString, OperatorIssuerFixture.Somebody());
        using var arrived = await second.GetAsync(named + "&iss=" + Uri.EscapeDataString(Issuer.Address));

        Refused(unnamed, "issuer-refused");
        Assert.Equal("/", arrived.Headers.Location!.OriginalString);
        _chancery.ForgetIssuer();
    }

    [Theory]
    [InlineData("error=access_denied&error_description=no")]
    [InlineData("")]
    public async Task An_answer_without_a_code_signs_nobody_in(string answer)
    {
        using var browser = _chancery.Browser();
        using var begun = await browser.GetAsync("/login/with/sso");
        var state = Returned.To(begun).Answer["state"];

        using var arrived = await browser.GetAsync($"/login/callback?{answer}&state={state}");

        Refused(arrived, "issuer-refused");
    }

    public static TheoryData<string, string> Outages =>
        new()
        {
            { "discovery fails", "status 500" },
            { "discovery hangs", "no answer in time" },
            { "discovery is huge", "too long an answer" },
            { "discovery is no JSON", "no JSON" },
            { "discovery is of another issuer", "its discovery document is of another issuer" },
            { "discovery redirects inside", "status 302" },
            { "the token endpoint has no TLS", "its token_endpoint is no address that can be used" },
            { "keys fail", "status 503" },
            { "keys are huge", "too long an answer" },
            { "keys are none", "its keys are no key set" },
        };

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task An_issuer_that_cannot_be_read_says_so_to_nobody_but_the_log_and_is_tried_again_later(
        string outage,
        string why
    )
    {
        _chancery.ForgetIssuer();
        Break(outage);
        using var browser = _chancery.Browser();

        using var refused = await browser.GetAsync("/login/with/sso");
        var reads = Issuer.DiscoveryReads;
        using var atOnce = await browser.GetAsync("/login/with/sso");
        var after = Issuer.DiscoveryReads;
        Issuer.Reset();
        Issuer.Time = _chancery.Clock;
        _chancery.Clock.Ahead += TimeSpan.FromSeconds(11);
        using var later = await browser.GetAsync("/login/with/sso");

        Refused(refused, "issuer-unavailable");
        Refused(atOnce, "issuer-unavailable");
        Assert.Equal(reads, after);
        Assert.Contains(
            _chancery.Log.Lines,
            line => line.EndsWith($"could not be read: {why}", StringComparison.Ordinal)
        );
        Assert.StartsWith(Issuer.Address, later.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_key_is_read_once_when_it_is_first_seen_and_a_flood_of_unknown_ones_asks_nobody()
    {
        using var first = _chancery.Browser();
        using var before = await ComeAsync(first, OperatorIssuerFixture.Somebody());
        _chancery.Clock.Ahead += TimeSpan.FromSeconds(61);
        var reads = Issuer.KeyReads;

        Issuer.Roll(ForeignSigner.Curve($"key-{Guid.CreateVersion7():n}"), keepsOld: false);
        using var second = _chancery.Browser();
        using var rolled = await ComeAsync(second, OperatorIssuerFixture.Somebody());
        var afterRoll = Issuer.KeyReads;
        var unknown = ForeignSigner.Curve("unknown");
        Issuer.Sign = (header, payload) =>
        {
            header["kid"] = "unknown";
            return unknown.Sign(header, payload);
        };
        for (var i = 0; i < 3; i++)
        {
            using var third = _chancery.Browser();
            using var flooded = await ComeAsync(third, OperatorIssuerFixture.Somebody());
            Refused(flooded, "issuer-refused");
        }

        Assert.Equal("/", rolled.Headers.Location!.OriginalString);
        Assert.Equal(reads + 1, afterRoll);
        Assert.Equal(afterRoll, Issuer.KeyReads);
    }

    [Fact]
    public async Task Known_keys_go_on_for_a_day_while_the_issuer_cannot_be_read()
    {
        using var first = _chancery.Browser();
        using var before = await ComeAsync(first, OperatorIssuerFixture.Somebody());

        Break("discovery fails");
        _chancery.Clock.Ahead += TimeSpan.FromHours(20);
        using var second = _chancery.Browser();
        using var stale = await ComeAsync(second, OperatorIssuerFixture.Somebody());
        _chancery.Clock.Ahead += TimeSpan.FromHours(5);
        using var third = _chancery.Browser();
        using var tooOld = await third.GetAsync("/login/with/sso");

        Assert.Equal("/", stale.Headers.Location!.OriginalString);
        Refused(tooOld, "issuer-unavailable");
    }

    [Fact]
    public async Task Known_keys_hold_nobody_up_while_the_issuer_hangs_after_an_hour()
    {
        using var first = _chancery.Browser();
        using var known = await ComeAsync(first, OperatorIssuerFixture.Somebody());
        _chancery.Clock.Ahead += TimeSpan.FromMinutes(61);
        var hang = new TaskCompletionSource();
        Issuer.OnDiscovery = _ => hang.Task;
        using var second = _chancery.Browser();
        var began = Stopwatch.StartNew();

        using var arrived = await ComeAsync(second, OperatorIssuerFixture.Somebody());

        Assert.Equal("/", arrived.Headers.Location!.OriginalString);
        Assert.InRange(began.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(6));
        // Waits for the call that hung: it is no other test's.
        hang.SetResult();
        _chancery.ForgetIssuer();
        using var waited = await second.GetAsync("/login/with/sso");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(-120)]
    public async Task An_issuer_that_was_to_ask_anew_and_did_not_signs_nobody_in(int? askedAt)
    {
        using var browser = _chancery.Browser();
        Issuer.IdToken = (_, payload) =>
            payload["auth_time"] = askedAt is { } seconds
                ? _chancery.Clock.GetUtcNow().ToUnixTimeSeconds() + seconds
                : null;

        using var arrived = await AgainAsync(browser, OperatorIssuerFixture.Somebody(), "/login/with/sso?again=1");

        Refused(arrived, "issuer-refused");
        Assert.EndsWith("was refused: not asked anew", _chancery.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_came_without_a_time_is_asked_anew_at_their_issuer_for_a_dangerous_action_and_goes_on()
    {
        var ina = OperatorIssuerFixture.Somebody() with
        {
            Claims = new JsonObject { ["realm_access"] = new JsonObject { ["roles"] = "urn:heads" } },
        };
        using var browser = _chancery.Browser();
        using var joined = await ComeAsync(browser, ina);

        using var refused = await InviteAsync(browser);
        var problem = await refused.ReadAsync(HttpStatusCode.Forbidden);
        Issuer.IdToken = (_, payload) => payload["auth_time"] = _chancery.Clock.GetUtcNow().ToUnixTimeSeconds();
        using var again = await AgainAsync(browser, ina, problem.GetProperty("sign_in").GetString()!);
        using var invited = await InviteAsync(browser);
        using var sessions = await browser.GetAsync("/api/v1/me/sessions");

        Assert.Equal("step-up-required", problem.GetProperty("code").GetString());
        Assert.Equal("/login/with/sso?again=1", problem.GetProperty("sign_in").GetString());
        Assert.Equal("/", again.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.Created, invited.StatusCode);
        // The sign-in before gave way to this one.
        Assert.Equal(1, (await sessions.ReadAsync()).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Whoever_proves_anew_who_they_are_stays_in_the_organisation_that_they_are_in()
    {
        var olga = await _chancery.SignUpAsync("Globex");
        var foreign = new ForeignPerson($"s-{Guid.CreateVersion7():n}", olga.Email);
        using var first = _chancery.Browser();
        using var sent = await ComeAsync(first, foreign);
        using var linked = await ProveAsync(first, sent, olga.Email, olga.Password);
        using var browser = _chancery.Browser();
        using var arrived = await ComeAsync(browser, foreign);
        var joined = (await MeAsync(browser)).GetProperty("tenant_id").GetGuid();
        using var switched = await SwitchAsync(browser, olga.TenantId);

        using var refused = await InviteAsync(browser);
        var problem = await refused.ReadAsync(HttpStatusCode.Forbidden);
        Issuer.IdToken = (_, payload) => payload["auth_time"] = _chancery.Clock.GetUtcNow().ToUnixTimeSeconds();
        using var again = await AgainAsync(browser, foreign, problem.GetProperty("sign_in").GetString()!);
        using var invited = await InviteAsync(browser);

        Assert.Equal(_chancery.Owner1.TenantId, joined);
        Assert.Equal(HttpStatusCode.OK, switched.StatusCode);
        Assert.Equal("/", again.Headers.Location!.OriginalString);
        Assert.Equal(olga.TenantId, (await MeAsync(browser)).GetProperty("tenant_id").GetGuid());
        Assert.Equal(HttpStatusCode.Created, invited.StatusCode);
    }

    [Fact]
    public async Task Who_is_signed_in_as_often_as_may_be_chooses_which_one_ends_and_the_choice_counts_once()
    {
        const int most = 3;
        var server = await _chancery.StartWithPlacesAsync(most);
        var ina = OperatorIssuerFixture.Somebody();
        using var oldest = OperatorIssuerFixture.Browser(server);
        using var firstCame = await ComeAsync(oldest, ina);
        for (var i = 1; i < most; i++)
        {
            using var one = OperatorIssuerFixture.Browser(server);
            using var came = await ComeAsync(one, ina);
            Assert.Equal("/", came.Headers.Location!.OriginalString);
        }

        using var browser = OperatorIssuerFixture.Browser(server);
        using var full = await ComeAsync(browser, ina, "/usage");
        var location = full.Headers.Location!.OriginalString;
        Assert.StartsWith("/login?error=no-place&open=", location, StringComparison.Ordinal);
        using var page = await browser.GetAsync(location);
        var html = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("Which one is signed out?", html, StringComparison.Ordinal);
        var open = Regex
            .Matches(html, "name=\"end_session\" value=\"([0-9a-f-]{36})\"")
            .Select(match => match.Groups[1].Value)
            .ToList();
        var own = (await SessionsAsync(oldest)).Single(one => one.GetProperty("is_current").GetBoolean());
        var chosen = own.GetProperty("id").GetString()!;
        var stolen = browser.Cookies;
        using var placed = await browser.SubmitAsync(page, "/login/place", ("end_session", chosen));
        using var thief = OperatorIssuerFixture.Browser(server);
        thief.Cookies = stolen;
        using var twice = await thief.SubmitAsync(page, "/login/place", ("end_session", open[0]));
        using var stranger = OperatorIssuerFixture.Browser(server);
        using var theirs = await stranger.GetAsync("/login");
        using var without = await stranger.SubmitAsync(theirs, "/login/place", ("end_session", open[0]));
        using var ended = await oldest.GetAsync("/api/v1/me");

        Assert.False(stolen.ContainsKey("__Host-chancery"));
        Assert.Equal(most, open.Count);
        Assert.Contains(chosen, open);
        Assert.DoesNotContain("name=\"password\"", html, StringComparison.Ordinal);
        Assert.Equal("/usage", placed.Headers.Location!.OriginalString);
        Assert.Equal(ina.Email, (await MeAsync(browser)).GetProperty("email").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, ended.StatusCode);
        Refused(twice, "form-expired");
        Assert.False(thief.IsSignedIn);
        Refused(without, "form-expired");
        Assert.Equal(most, (await SessionsAsync(browser)).Count);
    }

    [Fact]
    public async Task Who_belongs_nowhere_and_proves_their_account_joins_the_organisation_of_the_issuer()
    {
        var olga = await _chancery.SignUpAsync("Globex");
        var left = await _chancery.InviteAsync(olga, "editor");
        using var removed = await olga.Http.DeleteAsync($"/api/v1/members/{left.UserId}", Cancel);
        var foreign = new ForeignPerson($"s-{Guid.CreateVersion7():n}", left.Email);
        using var browser = _chancery.Browser();
        using var sent = await ComeAsync(browser, foreign);

        using var page = await browser.GetAsync(sent.Headers.Location!.OriginalString);
        using var guessed = await browser.SubmitAsync(
            page,
            "/login",
            ("email", left.Email),
            ("password", "no, not it")
        );
        using var proven = await browser.SubmitAsync(
            page,
            "/login",
            ("email", left.Email),
            ("password", left.Password)
        );
        using var other = _chancery.Browser();
        using var direct = await ComeAsync(other, foreign);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Contains(
            "error=invalid-credentials",
            guessed.Headers.Location!.OriginalString,
            StringComparison.Ordinal
        );
        Assert.Equal("/login/link", proven.Headers.Location!.OriginalString);
        Assert.Equal(_chancery.Owner1.TenantId, (await MeAsync(browser)).GetProperty("tenant_id").GetGuid());
        Assert.Equal("/", direct.Headers.Location!.OriginalString);
        Assert.Equal(left.UserId, (await MeAsync(other)).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Whose_account_has_a_second_factor_is_linked_only_once_it_was_given()
    {
        var olga = await _chancery.SignUpAsync("Globex");
        var left = await _chancery.InviteAsync(olga, "editor");
        var app = await AuthenticatorApp.AddAsync(left, _chancery.Clock);
        using var removed = await olga.Http.DeleteAsync($"/api/v1/members/{left.UserId}", Cancel);
        var foreign = new ForeignPerson($"s-{Guid.CreateVersion7():n}", left.Email);
        using var browser = _chancery.Browser();
        using var sent = await ComeAsync(browser, foreign);
        using var page = await browser.GetAsync(sent.Headers.Location!.OriginalString);

        using var asked = await browser.SubmitAsync(page, "/login", ("email", left.Email), ("password", left.Password));
        using var thief = _chancery.Browser();
        using var direct = await ComeAsync(thief, foreign);
        using var step = await browser.GetAsync(asked.Headers.Location!.OriginalString);
        using var proven = await browser.SubmitAsync(step, "/login/second-step", ("code", app.Code()));
        using var linked = await browser.GetAsync(proven.Headers.Location!.OriginalString);
        using var other = _chancery.Browser();
        using var after = await ComeAsync(other, foreign);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.StartsWith("/login/second-step", asked.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.StartsWith("/login?done=link", direct.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.False(thief.IsSignedIn);
        Assert.Equal("/login/link", proven.Headers.Location!.OriginalString);
        Assert.Equal(left.UserId, (await MeAsync(browser)).GetProperty("id").GetGuid());
        Assert.Equal("/", after.Headers.Location!.OriginalString);
        Assert.Equal(left.UserId, (await MeAsync(other)).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task A_claim_says_to_which_organisation_somebody_belongs_and_without_one_they_belong_nowhere()
    {
        var globex = await _chancery.SignUpAsync("Globex");
        var server = await _chancery.StartWithClaimAsync(
            "hd",
            $"acme.example={_chancery.Owner1.TenantId}, globex.example={globex.TenantId}"
        );

        Assert.Equal(globex.TenantId, await ArriveAsync(new() { ["hd"] = "globex.example" }));
        Assert.Equal(_chancery.Owner1.TenantId, await ArriveAsync(new() { ["hd"] = "acme.example" }));
        // The first that stands for an organisation.
        Assert.Equal(globex.TenantId, await ArriveAsync(new() { ["hd"] = new JsonArray("else", "globex.example") }));
        Assert.Null(await ArriveAsync(new() { ["hd"] = "initech.example" }));
        Assert.Null(await ArriveAsync(new() { ["hd"] = "GLOBEX.EXAMPLE" }));
        Assert.Null(await ArriveAsync([]));

        async Task<Guid?> ArriveAsync(JsonObject claims)
        {
            using var browser = OperatorIssuerFixture.Browser(server);
            using var sent = await ComeAsync(browser, OperatorIssuerFixture.Somebody() with { Claims = claims });
            if (!browser.IsSignedIn)
            {
                Refused(sent, "no-account");
                return null;
            }

            return (await MeAsync(browser)).GetProperty("tenant_id").GetGuid();
        }
    }

    private static async Task<HttpResponseMessage> ProveAsync(
        Visitor browser,
        HttpResponseMessage sent,
        string email,
        string password
    )
    {
        using var page = await browser.GetAsync(sent.Headers.Location!.OriginalString);
        using var proven = await browser.SubmitAsync(page, "/login", ("email", email), ("password", password));
        return await browser.GetAsync(proven.Headers.Location!.OriginalString);
    }

    private static async Task<HttpResponseMessage> SwitchAsync(Visitor browser, Guid tenant)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/switch");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Content = System.Net.Http.Json.JsonContent.Create(new { tenant_id = tenant });
        return await browser.SendAsync(request);
    }

    private static async Task<IReadOnlyList<JsonElement>> SessionsAsync(Visitor browser)
    {
        using var sessions = await browser.GetAsync("/api/v1/me/sessions");
        return [.. (await sessions.ReadAsync()).GetProperty("items").EnumerateArray()];
    }

    private async Task<HttpResponseMessage> AgainAsync(Visitor browser, ForeignPerson person, string address)
    {
        using var begun = await browser.GetAsync(address);
        Assert.Contains("max_age=0", begun.Headers.Location!.OriginalString, StringComparison.Ordinal);
        return await browser.GetAsync(Issuer.Authorize(begun.Headers.Location!.OriginalString, person));
    }

    private static async Task<HttpResponseMessage> InviteAsync(Visitor browser)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/invitations");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Content = System.Net.Http.Json.JsonContent.Create(
            new { email = OperatorIssuerFixture.Somebody().Email, role = "viewer" }
        );
        return await browser.SendAsync(request);
    }

    private void Break(string fault)
    {
        long Now() => _chancery.Clock.GetUtcNow().ToUnixTimeSeconds();
        var foreign = ForeignSigner.Curve("foreign");
        switch (fault)
        {
            case "wrong issuer":
                Issuer.IdToken = (_, payload) => payload["iss"] = "https://evil.example";
                break;
            case "wrong audience":
                Issuer.IdToken = (_, payload) => payload["aud"] = "another client";
                break;
            case "several audiences without a party":
                Issuer.IdToken = (_, payload) => payload["aud"] = new JsonArray(ForeignIssuer.ClientId, "another");
                break;
            case "another authorized party":
                Issuer.IdToken = (_, payload) => payload["azp"] = "another";
                break;
            case "no signature":
                Issuer.Sign = (header, payload) =>
                {
                    header["alg"] = "none";
                    return ForeignIssuer.Join(header, payload, _ => []);
                };
                break;
            case "HS256 with the public key":
                Issuer.Sign = (header, payload) =>
                {
                    header["alg"] = "HS256";
                    return ForeignIssuer.Join(
                        header,
                        payload,
                        bytes => HMACSHA256.HashData(Issuer.Signer.PublicBytes(), bytes)
                    );
                };
                break;
            case "RS256 with a published key":
                var rsa = ForeignSigner.Rsa("rsa");
                Issuer.Published.Add(rsa);
                Issuer.Sign = (header, payload) =>
                {
                    (header["alg"], header["kid"]) = ("RS256", "rsa");
                    return rsa.Sign(header, payload);
                };
                break;
            case "ES256 by a key of another kind":
                var odd = ForeignSigner.Rsa("odd");
                Issuer.Published.Add(odd);
                _chancery.Clock.Ahead += TimeSpan.FromSeconds(61);
                Issuer.Sign = (header, payload) =>
                {
                    header["kid"] = "odd";
                    return odd.Sign(header, payload);
                };
                break;
            case "a key that is not published":
                Issuer.Sign = (header, payload) =>
                {
                    header["kid"] = "foreign";
                    return foreign.Sign(header, payload);
                };
                break;
            case "a key in the header":
                Issuer.Sign = (header, payload) =>
                {
                    header["jwk"] = foreign.Jwk();
                    header["jku"] = "https://evil.example/keys";
                    return foreign.Sign(header, payload);
                };
                break;
            case "a changed payload":
                Issuer.Sign = (header, payload) =>
                {
                    var parts = Issuer.Signer.Sign(header, payload).Split('.');
                    payload["sub"] = "somebody else";
                    return $"{parts[0]}.{Issuer.Signer.Sign(header, payload).Split('.')[1]}.{parts[2]}";
                };
                break;
            case "no key id":
                Issuer.IdToken = (header, _) => header.Remove("kid");
                break;
            case "a critical extension":
                Issuer.IdToken = (header, _) => header["crit"] = new JsonArray("exp");
                break;
            case "an access token":
                Issuer.IdToken = (header, _) => header["typ"] = "at+jwt";
                break;
            case "expired":
                Issuer.IdToken = (_, payload) => payload["exp"] = Now() - 40;
                break;
            case "no expiry":
                Issuer.IdToken = (_, payload) => payload.Remove("exp");
                break;
            case "not yet valid":
                Issuer.IdToken = (_, payload) => payload["nbf"] = Now() + 60;
                break;
            case "issued in the future":
                Issuer.IdToken = (_, payload) => payload["iat"] = Now() + 60;
                break;
            case "no nonce":
                Issuer.IdToken = (_, payload) => payload.Remove("nonce");
                break;
            case "wrong nonce":
                Issuer.IdToken = (_, payload) => payload["nonce"] = "of another sign-in";
                break;
            case "no subject":
                Issuer.IdToken = (_, payload) => payload.Remove("sub");
                break;
            case "no token":
                Issuer.OnToken = context => context.Response.WriteAsync("""{"access_token":"x"}""", Cancel);
                break;
            case "no JSON Web Token":
                Issuer.Sign = (_, _) => "opaque";
                break;
            case "discovery fails":
                Issuer.OnDiscovery = context => Status(context, 500);
                break;
            case "discovery hangs":
                Issuer.OnDiscovery = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
                break;
            case "discovery is huge":
                Issuer.OnDiscovery = context => context.Response.WriteAsync(new string(' ', 300_000), Cancel);
                break;
            case "discovery is no JSON":
                Issuer.OnDiscovery = context => context.Response.WriteAsync("<html>", Cancel);
                break;
            case "discovery is of another issuer":
                Issuer.Discovery = document => document["issuer"] = "https://login.example.com";
                break;
            case "discovery redirects inside":
                Issuer.OnDiscovery = context =>
                {
                    context.Response.Redirect("http://169.254.169.254/latest/meta-data");
                    return Task.CompletedTask;
                };
                break;
            case "the token endpoint has no TLS":
                Issuer.Discovery = document => document["token_endpoint"] = "http://login.example.com/token";
                break;
            case "keys fail":
                Issuer.OnKeys = context => Status(context, 503);
                break;
            case "keys are huge":
                Issuer.OnKeys = context => context.Response.WriteAsync(new string(' ', 300_000), Cancel);
                break;
            case "keys are none":
                Issuer.OnKeys = context => context.Response.WriteAsync("""{"keys":"none"}""", Cancel);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault, "No such fault.");
        }
    }

    private static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private async Task<HttpResponseMessage> ComeAsync(Visitor browser, ForeignPerson person, string returnUrl = "/")
    {
        using var begun = await browser.GetAsync($"/login/with/sso?return_url={Uri.EscapeDataString(returnUrl)}");
        Assert.Equal(HttpStatusCode.SeeOther, begun.StatusCode);
        return await browser.GetAsync(Issuer.Authorize(begun.Headers.Location!.OriginalString, person));
    }

    private static async Task<JsonElement> MeAsync(Visitor browser)
    {
        using var me = await browser.GetAsync("/api/v1/me");
        return (await me.ReadAsync()).GetProperty("user");
    }

    private static void Refused(HttpResponseMessage response, string code)
    {
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal($"/login?error={code}", response.Headers.Location!.OriginalString);
    }
}
