using System.Net;
using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.Provisioning;

/// <summary>
/// The examples of RFC 7644 of replacing a resource and of changing one, word for word but for ids, and for addresses, which are one
/// account's on the whole installation.
/// </summary>
public sealed class ScimStandardTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // RFC 7644, 3.5.1.
    [Fact]
    public async Task The_example_of_replacing_a_user_is_answered_as_the_standard_shows()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var (babs, home) = (ScimDirectory.Unique(), ScimDirectory.Unique());
        var made = await BarbaraAsync(directory, babs, ""","title":"Tour Guide","nickName":"Babs" """);
        var id = (string)made["id"]!;

        using var answer = await directory.SendAsync(
            HttpMethod.Put,
            $"/Users/{id}",
            $$"""
            {
              "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
              "id":"{{id}}",
              "userName":"bjensen",
              "externalId":"bjensen",
              "name":{
                "formatted":"Ms. Barbara J Jensen III",
                "familyName":"Jensen",
                "givenName":"Barbara",
                "middleName":"Jane"
              },
              "roles":[],
              "emails":[
                {
                  "value":"{{babs}}"
                },
                {
                  "value":"{{home}}"
                }
              ]
            }
            """,
            (string)made["meta"]!["version"]!
        );
        var now = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!.AsObject();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(id, (string)now["id"]!);
        Assert.Equal("bjensen", (string)now["userName"]!);
        Assert.Equal("bjensen", (string)now["externalId"]!);
        Assert.Equal("Jane", (string)now["name"]!["middleName"]!);
        Assert.Equal("Ms. Barbara J Jensen III", (string)now["name"]!["formatted"]!);
        Assert.Equal([babs, home], now["emails"]!.AsArray().Select(one => (string)one!["value"]!));
        // What was not sent is gone; an empty list is none.
        Assert.False(now.ContainsKey("title"));
        Assert.False(now.ContainsKey("nickName"));
        Assert.False(now.ContainsKey("roles"));
        Assert.Equal("User", (string)now["meta"]!["resourceType"]!);
        Assert.Equal((string)made["meta"]!["created"]!, (string)now["meta"]!["created"]!);
        Assert.Equal((string)now["meta"]!["version"]!, answer.Headers.ETag!.ToString());
        Assert.NotEqual((string)made["meta"]!["version"]!, (string)now["meta"]!["version"]!);
        Assert.EndsWith($"/scim/v2/Users/{id}", (string)now["meta"]!["location"]!, StringComparison.Ordinal);
        Assert.True(JsonNode.DeepEquals(now, await directory.GetAsync($"/Users/{id}")));
    }

    // "any values provided SHALL be ignored" of what is read only.
    [Fact]
    public async Task An_id_and_groups_in_what_replaces_a_user_are_ignored()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var made = await BarbaraAsync(directory, ScimDirectory.Unique());
        var id = (string)made["id"]!;

        var now = await directory.AskAsync(
            HttpMethod.Put,
            $"/Users/{id}",
            $$"""
            {"id":"{{Guid.CreateVersion7()}}","userName":"{{ScimDirectory.Unique()}}","groups":[{"value":"{{Guid.CreateVersion7()}}"}],
             "meta":{"created":"2001-01-01T00:00:00Z"} }
            """
        );

        Assert.Equal(id, (string)now["id"]!);
        Assert.False(now.ContainsKey("groups"));
        Assert.Equal((string)made["meta"]!["created"]!, (string)now["meta"]!["created"]!);
    }

    // 3.5.2.1.
    [Fact]
    public async Task The_examples_of_adding_are_done()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var (work, home) = (ScimDirectory.Unique(), ScimDirectory.Unique());
        var made = await BarbaraAsync(directory, work);

        var now = await directory.PatchAsync(
            $"/Users/{made["id"]}",
            $$"""
            [{
              "op":"add",
              "value":{
                "emails":[
                  {
                    "value":"{{home}}",
                    "type":"home"
                  }
                ],
                "nickname":"Babs"
              }
            }]
            """
        );

        Assert.Equal([work, home], now["emails"]!.AsArray().Select(one => (string)one!["value"]!));
        Assert.Equal("Babs", (string)now["nickName"]!);
    }

    // 3.5.2.2.
    [Fact]
    public async Task The_examples_of_removing_members_are_done()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var babs = (string)(await BarbaraAsync(directory, ScimDirectory.Unique()))["id"]!;
        var james = (string)(await directory.CreateAsync("/Users", ScimDirectory.User(ScimDirectory.Unique())))["id"]!;
        var made = await directory.CreateAsync(
            "/Groups",
            $$"""{"displayName":"Tour Guides","members":[{"value":"{{babs}}"},{"value":"{{james}}"}]}"""
        );
        var path = $"/Groups/{made["id"]}";

        var single = await directory.PatchAsync(
            path,
            $$"""
            [{
              "op":"remove",
              "path":"members[value eq \"{{babs}}\"]"
            }]
            """
        );
        var exchanged = await directory.PatchAsync(
            path,
            $$"""
            [
              {
                "op":"remove",
                "path":"members[value eq \"{{james}}\"]"
              },
              {
                "op":"add",
                "path":"members",
                "value":[
                  {
                    "display": "Babs Jensen",
                    "$ref": "https://example.com/v2/Users/{{babs}}",
                    "value":"{{babs}}"
                  }
                ]
              }
            ]
            """
        );
        var all = await directory.PatchAsync(path, """[{ "op":"remove", "path":"members" }]""");

        Assert.Equal([james], MembersOf(single));
        Assert.Equal([babs], MembersOf(exchanged));
        Assert.Empty(MembersOf(all));
    }

    [Fact]
    public async Task The_example_of_removing_values_by_a_complex_filter_is_done_and_an_empty_list_is_none()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var (work, other) = (
            ScimDirectory.Unique(),
            ScimDirectory.Unique().Replace(".com", ".org", StringComparison.Ordinal)
        );
        var made = await directory.CreateAsync(
            "/Users",
            $$"""
            {"userName":"{{ScimDirectory.Unique()}}","emails":[{"value":"{{work}}","type":"work"},{"value":"{{other}}","type":"work"},
              {"value":"{{ScimDirectory.Unique()}}","type":"home"}],"phoneNumbers":[{"value":"+49 30 1","type":"work"}]}
            """
        );

        var now = await directory.PatchAsync(
            $"/Users/{made["id"]}",
            """
            [{
               "op":"remove",
               "path":"emails[type eq \"work\" and value ew \"example.com\"]"
            },
            {"op":"remove","path":"phoneNumbers[type eq \"work\"]"}]
            """
        );

        Assert.DoesNotContain(now["emails"]!.AsArray(), one => (string)one!["value"]! == work);
        Assert.Equal(2, now["emails"]!.AsArray().Count);
        Assert.False(now.ContainsKey("phoneNumbers"));
    }

    // 3.5.2.3.
    [Fact]
    public async Task The_example_of_replacing_all_members_is_done()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var babs = (string)(await BarbaraAsync(directory, ScimDirectory.Unique()))["id"]!;
        var james = (string)(await directory.CreateAsync("/Users", ScimDirectory.User(ScimDirectory.Unique())))["id"]!;
        var third = (string)(await directory.CreateAsync("/Users", ScimDirectory.User(ScimDirectory.Unique())))["id"]!;
        var made = await directory.CreateAsync(
            "/Groups",
            $$"""{"displayName":"Employees","members":[{"value":"{{third}}"}]}"""
        );

        var now = await directory.PatchAsync(
            $"/Groups/{made["id"]}",
            $$"""
            [{
              "op":"replace",
              "path":"members",
              "value":[
                {
                  "display": "Babs Jensen",
                  "$ref": "https://example.com/v2/Users/{{babs}}",
                  "value": "{{babs}}"
                },
                {
                  "display": "James Smith",
                  "$ref": "https://example.com/v2/Users/{{james}}",
                  "value": "{{james}}"
                }
              ]
            }]
            """
        );

        Assert.Equal(new[] { babs, james }.Order(), MembersOf(now).Order());
    }

    [Fact]
    public async Task The_examples_of_replacing_an_address_and_a_part_of_it_are_done()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var made = await BarbaraAsync(
            directory,
            ScimDirectory.Unique(),
            """
            ,"addresses":[{"type":"work","streetAddress":"100 Universal City Plaza","locality":"Hollywood","display":"The old one"},
              {"type":"home","streetAddress":"456 Hollywood Blvd"}]
            """
        );
        var path = $"/Users/{made["id"]}";

        var whole = await directory.PatchAsync(
            path,
            """
            [{
              "op":"replace",
              "path":"addresses[type eq \"work\"]",
              "value":
              {
                "type": "work",
                "streetAddress": "911 Universal City Plaza",
                "locality": "Hollywood",
                "region": "CA",
                "postalCode": "91608",
                "country": "US",
                "formatted": "911 Universal City Plaza\nHollywood, CA 91608 US",
                "primary": true
              }
            }]
            """
        );
        var part = await directory.PatchAsync(
            path,
            """
            [{
              "op":"replace",
              "path":"addresses[type eq \"work\"].streetAddress",
              "value":"1010 Broadway Ave"
            }]
            """
        );

        var work = Work(whole);
        Assert.Equal("911 Universal City Plaza\nHollywood, CA 91608 US", (string)work["formatted"]!);
        Assert.True((bool)work["primary"]!);
        // All of it is replaced: what the value does not have is gone.
        Assert.False(work.ContainsKey("display"));
        Assert.Equal("456 Hollywood Blvd", (string)Of(whole, "home")["streetAddress"]!);
        Assert.Equal("1010 Broadway Ave", (string)Work(part)["streetAddress"]!);
        Assert.Equal("91608", (string)Work(part)["postalCode"]!);

        static JsonObject Work(JsonObject user) => Of(user, "work");
        static JsonObject Of(JsonObject user, string type) =>
            user["addresses"]!.AsArray().Single(one => (string)one!["type"]! == type)!.AsObject();
    }

    [Fact]
    public async Task The_example_of_replacing_several_attributes_is_done()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var made = await BarbaraAsync(directory, ScimDirectory.Unique(), ""","title":"Tour Guide" """);
        var (work, home) = (ScimDirectory.Unique(), ScimDirectory.Unique());

        var now = await directory.PatchAsync(
            $"/Users/{made["id"]}",
            $$"""
            [{
              "op":"replace",
              "value":{
                "emails":[
                  {
                    "value":"{{work}}",
                    "type":"work",
                    "primary":true
                  },
                  {
                    "value":"{{home}}",
                    "type":"home"
                  }
                ],
                "nickname":"Babs"
              }
            }]
            """
        );

        Assert.Equal([work, home], now["emails"]!.AsArray().Select(one => (string)one!["value"]!));
        Assert.Equal("Babs", (string)now["nickName"]!);
        Assert.Equal("Tour Guide", (string)now["title"]!);
    }

    // 3.5.2: "SHALL cause the server to automatically set "primary" to "false" for any other values in the array".
    [Theory]
    [InlineData("""{"op":"add","path":"phoneNumbers","value":[{"value":"+49 30 2","type":"home","primary":true}]}""")]
    [InlineData("""{"op":"replace","path":"phoneNumbers[type eq \"mobile\"].primary","value":true}""")]
    [InlineData(
        """{"op":"replace","path":"phoneNumbers[type eq \"mobile\"]","value":{"value":"+49 30 2","primary":true}}"""
    )]
    public async Task A_value_that_becomes_the_primary_one_is_the_only_one(string operation)
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync());
        var made = await BarbaraAsync(
            directory,
            ScimDirectory.Unique(),
            """
            ,"phoneNumbers":[{"value":"+49 30 1","type":"work","primary":true},{"value":"+49 170 1","type":"mobile"}]
            """
        );

        var now = await directory.PatchAsync($"/Users/{made["id"]}", $"[{operation}]");

        var primary = Assert.Single(now["phoneNumbers"]!.AsArray(), one => (bool?)one!["primary"] == true);
        Assert.NotEqual("work", (string)primary!["type"]!);
    }

    private static Task<JsonObject> BarbaraAsync(ScimDirectory directory, string address, string more = "") =>
        directory.CreateAsync(
            "/Users",
            $$"""
            {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","externalId":"bjensen",
             "name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara"},
             "emails":[{"value":"{{address}}","type":"work"}]{{more}}}
            """
        );

    private static IEnumerable<string> MembersOf(JsonObject group) =>
        group["members"] is JsonArray members ? members.Select(one => (string)one!["value"]!) : [];
}
