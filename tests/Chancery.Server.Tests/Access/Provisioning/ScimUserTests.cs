using System.Net;
using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.Provisioning;

/// <summary>Users by SCIM: the examples of RFC 7644, and what Entra and Okta send.</summary>
public sealed class ScimUserTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static readonly TimeSpan TwoSeconds = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_example_of_making_a_user_is_answered_as_the_standard_shows()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var address = ScimDirectory.Unique();
        // RFC 7644, 3.3, with an address, which a sign-in needs.
        var body = $$"""
            {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","externalId":"bjensen",
             "name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara"},
             "emails":[{"value":"{{address}}","type":"work","primary":true}]}
            """;

        using var answer = await directory.SendAsync(HttpMethod.Post, "/Users", body);
        var made = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!.AsObject();
        var id = (string)made["id"]!;
        var read = await directory.GetAsync($"/Users/{id}");

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal((string)made["meta"]!["location"]!, answer.Headers.Location!.OriginalString);
        Assert.EndsWith($"/scim/v2/Users/{id}", answer.Headers.Location.OriginalString, StringComparison.Ordinal);
        Assert.Equal((string)made["meta"]!["version"]!, answer.Headers.ETag!.ToString());
        Assert.Equal("User", (string)made["meta"]!["resourceType"]!);
        Assert.Equal("bjensen", (string)made["userName"]!);
        Assert.Equal("bjensen", (string)made["externalId"]!);
        Assert.Equal("Jensen", (string)made["name"]!["familyName"]!);
        Assert.True((bool)made["active"]!);
        Assert.True(JsonNode.DeepEquals(made, read));
    }

    [Fact]
    public async Task A_user_who_is_there_already_is_a_conflict_by_name_and_by_address_whatever_the_case()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var name = ScimDirectory.Unique();
        await directory.CreateAsync("/Users", ScimDirectory.User(name));

        Assert.Equal("uniqueness", await ConflictAsync(ScimDirectory.User(name)));
        Assert.Equal("uniqueness", await ConflictAsync(ScimDirectory.User(name.ToUpperInvariant())));
        Assert.Equal("uniqueness", await ConflictAsync(ScimDirectory.User(olga.Email)));

        Task<string?> ConflictAsync(string body) =>
            directory.ErrorAsync(HttpMethod.Post, "/Users", body, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task An_account_of_another_organisation_is_not_taken()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var victor = await chancery.SignUpAsync("Of Victor");

        var type = await directory.ErrorAsync(
            HttpMethod.Post,
            "/Users",
            ScimDirectory.User(victor.Email),
            HttpStatusCode.Conflict
        );

        Assert.Equal("uniqueness", type);
        Assert.Equal(0, await directory.CountAsync("Users", $"userName eq \"{victor.Email}\""));
    }

    [Fact]
    public async Task An_account_whose_person_belongs_nowhere_is_not_taken_and_is_told_like_a_user_who_is_there()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var victor = await chancery.SignUpAsync("Of Victor");
        var left = await chancery.InviteAsync(victor, "editor");
        using var removed = await victor.Http.DeleteAsync($"/api/v1/members/{left.UserId}", Cancel);

        var here = await RefusalAsync(olga.Email);
        var elsewhere = await RefusalAsync(victor.Email);
        var nowhere = await RefusalAsync(left.Email);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(here, elsewhere);
        Assert.Equal(here, nowhere);
        Assert.Equal(0, await directory.CountAsync("Users", $"userName eq \"{left.Email}\""));

        async Task<string> RefusalAsync(string email)
        {
            using var answer = await directory.SendAsync(
                HttpMethod.Post,
                "/Users",
                ScimDirectory.User(ScimDirectory.Unique(), $$""","emails":[{"value":"{{email}}"}]""")
            );
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync(Cancel);
        }
    }

    [Fact]
    public async Task Who_came_by_an_invitation_from_elsewhere_keeps_name_and_factors_though_they_left_there()
    {
        var victor = await chancery.SignUpAsync("Of Victor");
        var guest = await chancery.InviteAsync(victor, "editor");
        var olga = await chancery.SignUpAsync();
        await JoinAsync(olga, guest);
        using var removed = await victor.Http.DeleteAsync($"/api/v1/members/{guest.UserId}", Cancel);
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var own = await chancery.InviteAsync(olga, "viewer");

        await directory.PatchAsync($"/Users/{guest.UserId}", """[{"op":"add","value":{"displayName":"Renamed"}}]""");
        await directory.PatchAsync($"/Users/{own.UserId}", """[{"op":"add","value":{"displayName":"Renamed"}}]""");
        using var reset = await olga.Http.DeleteAsync($"/api/v1/members/{guest.UserId}/second-factors", Cancel);
        using var ofOwn = await olga.Http.DeleteAsync($"/api/v1/members/{own.UserId}/second-factors", Cancel);
        using var listed = await olga.Http.GetAsync("/api/v1/members", Cancel);
        var members = (await listed.ReadAsync()).GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal("Ina editor", NameOf(guest.UserId));
        Assert.Equal("Renamed", NameOf(own.UserId));
        Assert.Equal("member-of-several", await reset.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal(HttpStatusCode.NoContent, ofOwn.StatusCode);

        string? NameOf(Guid id) =>
            members.Single(one => one.GetProperty("user_id").GetGuid() == id).GetProperty("name").GetString();
    }

    [Theory]
    [InlineData("""{"op":"Replace","path":"active","value":"False"}""")]
    [InlineData("""{"op":"replace","value":{"active":false}}""")]
    [InlineData("""{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:active","value":false}""")]
    public async Task Switching_a_user_off_ends_their_sign_ins_within_two_seconds_and_they_come_back_as_they_were(
        string operation
    )
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "editor");
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, ina.AccessToken));

        var off = await directory.PatchAsync($"/Users/{ina.UserId}", $"[{operation}]");
        await AccessApi.EventuallyAsync(
            async () => await AccessApi.StatusAsync(chancery.Address, ina.AccessToken) == HttpStatusCode.Unauthorized,
            TwoSeconds
        );
        using var client = chancery.Anonymous();
        using var refused = await client.PostAsync(
            "/api/v1/auth/login",
            new { email = ina.Email, password = ina.Password }
        );
        var on = await directory.PatchAsync(
            $"/Users/{ina.UserId}",
            """[{"op":"Replace","path":"active","value":"True"}]"""
        );
        using var again = await client.PostAsync(
            "/api/v1/auth/login",
            new { email = ina.Email, password = ina.Password }
        );

        Assert.False((bool)off["active"]!);
        Assert.Equal("no-organization", await refused.CodeAsync(HttpStatusCode.Forbidden));
        Assert.True((bool)on["active"]!);
        Assert.Equal("editor", (await again.ReadAsync()).GetProperty("user").GetProperty("role").GetString());
    }

    [Fact]
    public async Task An_account_that_another_organisation_switched_off_is_not_taken_and_its_factors_are_not_reset()
    {
        var address = ScimDirectory.Unique();
        using var theirs = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync("Of Victor"));
        var ina = (string)(await theirs.CreateAsync("/Users", ScimDirectory.User(address)))["id"]!;
        await theirs.PatchAsync($"/Users/{ina}", """[{"op":"replace","path":"active","value":false}]""");
        var olga = await chancery.SignUpAsync();
        using var ours = await ScimDirectory.OfAsync(chancery, olga);

        var taken = await ours.ErrorAsync(
            HttpMethod.Post,
            "/Users",
            ScimDirectory.User(address),
            HttpStatusCode.Conflict
        );
        var guest = await chancery.InviteAsync(olga, "viewer");
        var victor = await chancery.SignUpAsync("Elsewhere");
        await JoinAsync(victor, guest);
        using var elsewhere = await ScimDirectory.OfAsync(chancery, victor);
        await elsewhere.PatchAsync($"/Users/{guest.UserId}", """[{"op":"replace","path":"active","value":false}]""");
        using var reset = await olga.Http.DeleteAsync($"/api/v1/members/{guest.UserId}/second-factors", Cancel);

        Assert.Equal("uniqueness", taken);
        Assert.Equal("member-of-several", await reset.CodeAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task An_invitation_brings_nobody_back_whom_the_directory_switched_off()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var guest = await chancery.SignUpAsync("Of a guest");
        using var invited = await InvitedAsync(olga, guest.Email);
        var token = (await invited.ReadAsync(HttpStatusCode.Created)).GetProperty("token").GetString();
        await JoinAsync(olga, guest);
        using var again = await InvitedAsync(olga, guest.Email);

        await directory.PatchAsync($"/Users/{guest.UserId}", """[{"op":"replace","path":"active","value":false}]""");
        using var anew = await InvitedAsync(olga, guest.Email);
        using var accepted = await guest.Http.PostAsync(
            "/api/v1/invitations/accept",
            new { token, password = guest.Password }
        );

        Assert.Equal("already-member", await again.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("already-member", await anew.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("invitation-gone", await accepted.CodeAsync(HttpStatusCode.NotFound));
    }

    private static Task<HttpResponseMessage> InvitedAsync(TestUser host, string email) =>
        host.Http.PostAsync("/api/v1/invitations", new { email, role = "viewer" });

    private static async Task JoinAsync(TestUser host, TestUser guest)
    {
        using var invited = await InvitedAsync(host, guest.Email);
        var token = (await invited.ReadAsync(HttpStatusCode.Created)).GetProperty("token").GetString();
        using var accepted = await guest.Http.PostAsync(
            "/api/v1/invitations/accept",
            new { token, password = guest.Password }
        );
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
    }

    [Fact]
    public async Task Deleting_a_user_removes_the_member_and_another_delete_finds_nobody()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var ina = await chancery.InviteAsync(olga, "editor");

        using var deleted = await directory.SendAsync(HttpMethod.Delete, $"/Users/{ina.UserId}");
        using var again = await directory.SendAsync(HttpMethod.Delete, $"/Users/{ina.UserId}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, ina.AccessToken));
    }

    [Fact]
    public async Task The_last_owner_is_neither_switched_off_nor_removed_and_another_one_is()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        const string off = """
            {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}
            """;

        await directory.ErrorAsync(HttpMethod.Patch, $"/Users/{olga.UserId}", off, HttpStatusCode.Conflict);
        await directory.ErrorAsync(HttpMethod.Delete, $"/Users/{olga.UserId}", null, HttpStatusCode.Conflict);
        var second = await chancery.InviteAsync(olga, "admin");
        using var raised = await olga.Http.PatchAsync(
            $"/api/v1/members/{second.UserId}",
            new StringContent("""{"role":"owner"}""", System.Text.Encoding.UTF8, "application/json"),
            Cancel
        );
        using var removed = await directory.SendAsync(HttpMethod.Delete, $"/Users/{second.UserId}");

        Assert.Equal(HttpStatusCode.OK, raised.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
    }

    [Fact]
    public async Task A_replaced_user_has_what_was_sent_and_only_in_the_version_that_the_caller_saw()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var name = ScimDirectory.Unique();
        var made = await directory.CreateAsync(
            "/Users",
            ScimDirectory.User(name, ""","title":"Clerk","nickName":"Ini" """)
        );
        var path = $"/Users/{made["id"]}";
        var version = (string)made["meta"]!["version"]!;

        using var replaced = await directory.SendAsync(
            HttpMethod.Put,
            path,
            ScimDirectory.User(name, ""","title":"Counsel","active":true"""),
            version
        );
        using var late = await directory.SendAsync(HttpMethod.Put, path, ScimDirectory.User(name), version);
        var now = await directory.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, replaced.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        Assert.Equal("Counsel", (string)now["title"]!);
        Assert.False(now.ContainsKey("nickName"));
        Assert.NotEqual(version, (string)now["meta"]!["version"]!);
    }

    [Fact]
    public async Task What_was_seen_already_is_not_sent_again()
    {
        var olga = await chancery.SignUpAsync();
        using var made = await olga.Http.PostAsync(
            "/api/v1/keys",
            new
            {
                name = "directory",
                role = "admin",
                scopes = new[] { "members:provision" },
            }
        );
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new(
            "Bearer",
            (await made.ReadAsync(HttpStatusCode.Created)).GetProperty("key").GetString()
        );
        using var first = await client.GetAsync($"/scim/v2/Users/{olga.UserId}", Cancel);
        client.DefaultRequestHeaders.TryAddWithoutValidation("If-None-Match", first.Headers.ETag!.ToString());

        using var second = await client.GetAsync($"/scim/v2/Users/{olga.UserId}", Cancel);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task Changes_in_the_shapes_of_Entra_and_Okta_are_understood()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var name = ScimDirectory.Unique();
        var made = await directory.CreateAsync("/Users", ScimDirectory.User(name));

        var changed = await directory.PatchAsync(
            $"/Users/{made["id"]}",
            """
            [{"op":"Add","path":"emails[type eq \"work\"].value","value":"other@example.com"},
             {"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+49 30 1"},
             {"op":"Replace","value":{"name.givenName":"Inga","displayName":"Inga Issued",
              "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"Legal"}},
             {"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","value":"7"},
             {"op":"replace","path":"externalId","value":"e-7"},
             {"op":"remove","path":"name.familyName"}]
            """
        );
        var enterprise = changed["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]!;

        Assert.Equal("other@example.com", (string)changed["emails"]![0]!["value"]!);
        Assert.Equal("+49 30 1", (string)changed["phoneNumbers"]![0]!["value"]!);
        Assert.Equal("mobile", (string)changed["phoneNumbers"]![0]!["type"]!);
        Assert.Equal("Inga", (string)changed["name"]!["givenName"]!);
        Assert.False(changed["name"]!.AsObject().ContainsKey("familyName"));
        Assert.Equal("Inga Issued", (string)changed["displayName"]!);
        Assert.Equal("Legal", (string)enterprise["department"]!);
        Assert.Equal("7", (string)enterprise["employeeNumber"]!);
        Assert.Equal("e-7", (string)changed["externalId"]!);
        Assert.Equal(1, await directory.CountAsync("Users", "externalId eq \"e-7\""));
        Assert.Equal(0, await directory.CountAsync("Users", "externalId eq \"E-7\""));
    }

    [Fact]
    public async Task The_filters_of_the_standard_find_what_they_say()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var tag = $"t{Guid.CreateVersion7():n}";
        await directory.CreateAsync(
            "/Users",
            ScimDirectory.User(
                $"bjensen-{tag}",
                $$"""
                ,"title":"Counsel","userType":"Employee","emails":[{"value":"b-{{tag}}@example.com","type":"work"}]
                """
            )
        );
        await directory.CreateAsync(
            "/Users",
            ScimDirectory.User($"jsmith-{tag}@example.org", ""","userType":"Intern" """)
        );

        (string Filter, int Expected)[] cases =
        [
            ($"userName eq \"BJENSEN-{tag}\"", 1),
            ($"userName Eq \"bjensen-{tag}\"", 1),
            ("name.familyName co \"ssu\"", 2),
            ($"userName sw \"jsmith-\"", 1),
            ($"urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"jsmith-\"", 1),
            ("userName ew \".org\"", 1),
            ("title pr", 1),
            ("meta.lastModified gt \"2011-05-13T04:42:34Z\"", 3),
            ("meta.lastModified lt \"2011-05-13T04:42:34Z\"", 0),
            ("title pr and userType eq \"Employee\"", 1),
            ("title pr or userType eq \"Intern\"", 2),
            ("userType eq \"Employee\" and (emails co \"example.com\" or emails.value co \"example.org\")", 1),
            ("userType ne \"Employee\" and not (emails co \"example.com\" or emails.value co \"example.org\")", 0),
            ("userType ne \"Employee\" and not (emails co \"example.com\")", 1),
            ("userType eq \"Employee\" and emails[type eq \"work\" and value co \"@example.com\"]", 1),
            ($"emails[type eq \"work\"].value eq \"b-{tag}@example.com\"", 1),
            ("emails[type eq \"home\"]", 0),
            ("active eq true", 3),
            ("active eq \"False\"", 0),
            ("nickName eq null and userType pr", 2),
        ];
        foreach (var (filter, expected) in cases)
        {
            var found = await directory.CountAsync("Users", filter);
            // The owner is a user, too, with an address at example.com.
            Assert.True(expected == found, $"{filter}: {found} instead of {expected}");
        }
    }

    [Theory]
    [InlineData("userName")]
    [InlineData("userName eq")]
    [InlineData("userName xx \"a\"")]
    [InlineData("(userName eq \"a\"")]
    [InlineData("userName eq \"a")]
    [InlineData("userName eq \"a\" and")]
    [InlineData("emails[type eq \"work\"")]
    [InlineData("userName eq {}")]
    public async Task A_filter_that_cannot_be_read_is_said_to_be_one(string filter)
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());

        var type = await directory.ErrorAsync(
            HttpMethod.Get,
            $"/Users?filter={Uri.EscapeDataString(filter)}",
            null,
            HttpStatusCode.BadRequest
        );

        Assert.Equal("invalidFilter", type);
    }

    [Fact]
    public async Task A_list_goes_page_by_page_and_shows_what_is_asked_for_in_order()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        for (var i = 0; i < 4; i++)
        {
            await directory.CreateAsync("/Users", ScimDirectory.User($"{(char)('d' - i)}-{ScimDirectory.Unique()}"));
        }

        var page = await directory.GetAsync("/Users?startIndex=2&count=2");
        var none = await directory.GetAsync("/Users?count=0");
        var sorted = await directory.GetAsync(
            $"/Users?filter={Uri.EscapeDataString("name.familyName eq \"Issued\"")}&sortBy=userName&attributes=userName"
        );
        var names = sorted["Resources"]!.AsArray().Select(one => ((string)one!["userName"]!)[0]);

        Assert.Equal(5, (int)page["totalResults"]!);
        Assert.Equal(2, (int)page["startIndex"]!);
        Assert.Equal(2, (int)page["itemsPerPage"]!);
        Assert.Equal(2, page["Resources"]!.AsArray().Count);
        Assert.Equal(5, (int)none["totalResults"]!);
        Assert.Empty(none["Resources"]!.AsArray());
        Assert.Equal("abcd", new string([.. names]));
        Assert.False(sorted["Resources"]![0]!.AsObject().ContainsKey("emails"));
    }

    [Theory]
    [InlineData("""{"userName":"x@example.com","displayName":7}""", "invalidValue")]
    [InlineData("""{"displayName":"no name"}""", "invalidValue")]
    [InlineData("""{"userName":"no address"}""", "invalidValue")]
    [InlineData("""{"userName":"x@example.com","active":"perhaps"}""", "invalidValue")]
    [InlineData("""{"userName":"x@example.com","USERNAME":"y@example.com"}""", "invalidSyntax")]
    [InlineData("""["userName"]""", "invalidSyntax")]
    [InlineData("""{"userName":""", "invalidSyntax")]
    public async Task A_body_that_makes_no_user_is_refused_with_its_type(string body, string type)
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());

        Assert.Equal(type, await directory.ErrorAsync(HttpMethod.Post, "/Users", body, HttpStatusCode.BadRequest));
    }

    [Theory]
    [InlineData("""[{"op":"move","path":"title","value":"x"}]""", "invalidSyntax")]
    [InlineData("""[{"op":"remove"}]""", "noTarget")]
    [InlineData("""[{"op":"replace","path":"emails[type sw \"h\"].value","value":"x"}]""", "noTarget")]
    [InlineData("""[{"op":"replace","path":"emails[type eq","value":"x"}]""", "invalidPath")]
    [InlineData("""[{"op":"replace","path":"id","value":"x"}]""", "mutability")]
    [InlineData("[]", "invalidSyntax")]
    public async Task A_change_that_cannot_be_made_is_refused_with_its_type(string operations, string type)
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var body = $$"""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{{operations}}}""";

        Assert.Equal(
            type,
            await directory.ErrorAsync(HttpMethod.Patch, $"/Users/{olga.UserId}", body, HttpStatusCode.BadRequest)
        );
    }

    [Fact]
    public async Task Only_a_key_that_an_owner_made_for_it_calls_and_it_sees_no_other_organisation()
    {
        var olga = await chancery.SignUpAsync();
        var victor = await chancery.SignUpAsync("Of Victor");
        var admin = await chancery.InviteAsync(olga, "admin");
        var (unscoped, _) = await olga.CreateKeyAsync("admin");
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        using var byAdmin = await admin.Http.PostAsync(
            "/api/v1/keys",
            new
            {
                name = "directory",
                role = "admin",
                scopes = new[] { "members:provision" },
            }
        );

        using var listed = await olga.Http.GetAsync("/api/v1/keys", Cancel);
        var made = (await listed.ReadAsync())
            .GetProperty("items")
            .EnumerateArray()
            .Single(key => key.TryGetProperty("scopes", out _));
        using var rotated = await admin.Http.PostAsync(
            $"/api/v1/keys/{made.GetProperty("id").GetGuid()}/rotate",
            new { overlap_hours = 1 }
        );

        Assert.Equal("owners-only", await byAdmin.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("owners-only", await rotated.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(olga.AccessToken));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(unscoped));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("ck_nothing"));
        await directory.ErrorAsync(HttpMethod.Get, $"/Users/{victor.UserId}", null, HttpStatusCode.NotFound);
        await directory.ErrorAsync(HttpMethod.Delete, $"/Users/{victor.UserId}", null, HttpStatusCode.NotFound);
        await directory.ErrorAsync(HttpMethod.Get, "/Users/nobody", null, HttpStatusCode.NotFound);

        async Task<HttpStatusCode> StatusAsync(string credential)
        {
            using var client = chancery.Anonymous();
            client.DefaultRequestHeaders.Authorization = new("Bearer", credential);
            using var answer = await client.GetAsync("/scim/v2/Users", Cancel);
            Assert.Equal(ScimDirectory.MediaType, answer.Content.Headers.ContentType?.MediaType);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task The_server_tells_what_it_can_and_what_there_is()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());

        var config = await directory.GetAsync("/ServiceProviderConfig");
        var types = await directory.GetAsync("/ResourceTypes");
        var schemas = await directory.GetAsync("/Schemas");
        var user = await directory.GetAsync("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User");

        Assert.True((bool)config["patch"]!["supported"]!);
        Assert.False((bool)config["bulk"]!["supported"]!);
        Assert.True((bool)config["etag"]!["supported"]!);
        Assert.Equal(["User", "Group"], types["Resources"]!.AsArray().Select(type => (string)type!["id"]!));
        Assert.Equal(3, (int)schemas["totalResults"]!);
        Assert.Contains(user["attributes"]!.AsArray(), attribute => (string)attribute!["name"]! == "userName");
        await directory.ErrorAsync(HttpMethod.Get, "/Schemas/urn:none", null, HttpStatusCode.NotFound);
    }
}
