using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.Provisioning;

/// <summary>Groups by SCIM, and the roles that they give.</summary>
public sealed class ScimGroupTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_group_is_one_of_the_organisations_own_and_its_members_come_and_go()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var first = await UserAsync(directory);
        var second = await UserAsync(directory);
        var name = $"Legal {Guid.CreateVersion7():n}";

        var made = await directory.CreateAsync(
            "/Groups",
            $$"""
            {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"{{name}}","externalId":"g-1",
             "members":[{"value":"{{first}}"}]}
            """
        );
        var path = $"/Groups/{made["id"]}";
        // RFC 7644, 3.5.2.1: the example of adding a member.
        var added = await directory.PatchAsync(
            path,
            $$"""[{"op":"add","path":"members","value":[{"display":"Babs","$ref":"/v2/Users/x","value":"{{second}}"}]}]"""
        );
        var user = await directory.GetAsync($"/Users/{second}");
        // 3.5.2.2: the example of removing one.
        var removed = await directory.PatchAsync(
            path,
            $$"""[{"op":"remove","path":"members[value eq \"{{first}}\"]"}]"""
        );
        using var seen = await olga.Http.GetAsync($"/api/v1/groups/{made["id"]}/members", Cancel);
        var items = (await seen.ReadAsync()).GetProperty("items").EnumerateArray();
        // As Entra takes one out.
        var emptied = await directory.PatchAsync(
            path,
            $$"""[{"op":"Remove","path":"members","value":[{"value":"{{second}}"}]}]"""
        );

        Assert.Equal([first], Members(made));
        Assert.Equal([first, second], Members(added));
        Assert.Equal((string)made["id"]!, (string)user["groups"]![0]!["value"]!);
        Assert.Equal([second], Members(removed));
        Assert.Equal([second], items.Select(one => one.GetProperty("id").GetString()));
        Assert.Empty(Members(emptied));
        Assert.Equal(1, await directory.CountAsync("Groups", $"displayName eq \"{name.ToUpperInvariant()}\""));
        Assert.Equal(1, await directory.CountAsync("Groups", "externalId eq \"g-1\""));
    }

    [Fact]
    public async Task A_group_is_replaced_renamed_and_deleted_and_a_name_is_not_taken_twice()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var user = await UserAsync(directory);
        var made = await directory.CreateAsync("/Groups", """{"displayName":"Legal"}""");
        var other = await directory.CreateAsync("/Groups", """{"displayName":"Sales"}""");
        var path = $"/Groups/{made["id"]}";

        var replaced = await directory.AskAsync(
            HttpMethod.Put,
            path,
            $$"""{"displayName":"Counsel","members":[{"value":"{{user}}"}]}"""
        );
        var renamed = await directory.PatchAsync(path, """[{"op":"replace","value":{"displayName":"Lawyers"}}]""");
        var conflict = await directory.ErrorAsync(
            HttpMethod.Put,
            path,
            """{"displayName":"sales"}""",
            HttpStatusCode.Conflict
        );
        using var deleted = await directory.SendAsync(HttpMethod.Delete, path);

        Assert.Equal("Counsel", (string)replaced["displayName"]!);
        Assert.Equal([user], Members(replaced));
        Assert.Equal("Lawyers", (string)renamed["displayName"]!);
        Assert.Equal([user], Members(renamed));
        Assert.Equal("uniqueness", conflict);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await directory.ErrorAsync(HttpMethod.Get, path, null, HttpStatusCode.NotFound);
        Assert.Equal("Sales", (string)(await directory.GetAsync($"/Groups/{other["id"]}"))["displayName"]!);
    }

    [Fact]
    public async Task Somebody_of_another_organisation_comes_into_no_group()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var victor = await chancery.SignUpAsync("Of Victor");

        var type = await directory.ErrorAsync(
            HttpMethod.Post,
            "/Groups",
            $$"""{"displayName":"Legal","members":[{"value":"{{victor.UserId}}"}]}""",
            HttpStatusCode.BadRequest
        );

        Assert.Equal("invalidValue", type);
        Assert.Equal(0, await directory.CountAsync("Groups", "displayName eq \"Legal\""));
    }

    [Fact]
    public async Task The_first_role_of_a_group_makes_viewers_of_the_provisioned_outside_it_whose_invitations_are_taken_back()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var adam = await chancery.InviteAsync(olga, "admin");
        await directory.AskAsync(HttpMethod.Put, $"/Users/{adam.UserId}", ScimDirectory.User(adam.Email));
        using var invited = await adam.Http.PostAsync(
            "/api/v1/invitations",
            new { email = ScimDirectory.Unique(), role = "viewer" }
        );
        var group = await directory.CreateAsync("/Groups", """{"displayName":"Legal"}""");

        using var set = await olga.Http.PutAsync(
            $"/api/v1/groups/{group["id"]}/role",
            JsonContent.Create(new { role = "editor" }),
            Cancel
        );
        using var members = await olga.Http.GetAsync("/api/v1/members", Cancel);
        using var open = await olga.Http.GetAsync("/api/v1/invitations", Cancel);

        Assert.Equal(HttpStatusCode.Created, invited.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        Assert.Equal(
            "viewer",
            (await members.ReadAsync())
                .GetProperty("items")
                .EnumerateArray()
                .Single(one => one.GetProperty("email").GetString() == adam.Email)
                .GetProperty("role")
                .GetString()
        );
        Assert.Empty((await open.ReadAsync()).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_group_with_a_role_gives_it_to_those_who_are_provisioned_and_to_nobody_else()
    {
        var olga = await chancery.SignUpAsync();
        var edith = await chancery.InviteAsync(olga, "editor");
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var user = await UserAsync(directory);
        var group = await directory.CreateAsync(
            "/Groups",
            $$"""{"displayName":"Heads","members":[{"value":"{{user}}"},{"value":"{{edith.UserId}}"},{"value":"{{olga.UserId}}"}]}"""
        );
        var before = await RolesAsync(olga);

        using var set = await RoleAsync(olga, group, "\"admin\"");
        var raised = await RolesAsync(olga);
        await directory.PatchAsync(
            $"/Groups/{group["id"]}",
            $$"""[{"op":"remove","path":"members[value eq \"{{user}}\"]"}]"""
        );
        var lowered = await RolesAsync(olga);
        using var byAdmin = await RoleAsync(await chancery.InviteAsync(olga, "admin"), group, "\"admin\"");

        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        Assert.Equal("viewer", before[user]);
        Assert.Equal("admin", raised[user]);
        Assert.Equal("editor", raised[edith.UserId.ToString()]);
        Assert.Equal("owner", raised[olga.UserId.ToString()]);
        Assert.Equal("viewer", lowered[user]);
        Assert.Equal("owners-only", await byAdmin.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task A_user_whose_roles_name_one_of_ours_has_it_and_no_directory_makes_an_owner()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);

        var editor = await UserAsync(directory, ""","roles":[{"value":"Editor"}]""");
        var owner = await UserAsync(directory, ""","roles":[{"value":"owner"}]""");
        var roles = await RolesAsync(olga);

        Assert.Equal("editor", roles[editor]);
        Assert.Equal("viewer", roles[owner]);
    }

    private static async Task<string> UserAsync(ScimDirectory directory, string more = "") =>
        (string)(await directory.CreateAsync("/Users", ScimDirectory.User(ScimDirectory.Unique(), more)))["id"]!;

    private static IEnumerable<string> Members(JsonObject group) =>
        group["members"]!.AsArray().Select(member => (string)member!["value"]!);

    private static Task<HttpResponseMessage> RoleAsync(TestUser by, JsonObject group, string role) =>
        by.Http.PutAsync(
            $"/api/v1/groups/{group["id"]}/role",
            new StringContent($$"""{"role":{{role}}}""", Encoding.UTF8, "application/json"),
            Cancel
        );

    private static async Task<Dictionary<string, string>> RolesAsync(TestUser owner)
    {
        using var answer = await owner.Http.GetAsync("/api/v1/members?limit=100", Cancel);
        return (await answer.ReadAsync())
            .GetProperty("items")
            .EnumerateArray()
            .ToDictionary(one => one.GetProperty("user_id").GetString()!, one => one.GetProperty("role").GetString()!);
    }
}
