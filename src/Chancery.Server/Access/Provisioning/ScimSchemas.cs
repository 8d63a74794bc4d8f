using System.Text.Json.Nodes;

namespace Chancery.Server.Access.Provisioning;

/// <summary>What this server tells of itself: its abilities, its kinds of resources, and their attributes (RFC 7643, 5 to 7).</summary>
internal static class ScimSchemas
{
    private const string SchemaUrn = "urn:ietf:params:scim:schemas:core:2.0:Schema";

    public static JsonObject Config(AccessSettings settings) =>
        new()
        {
            ["schemas"] = new JsonArray("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"),
            ["patch"] = Supported(true),
            ["bulk"] = new JsonObject
            {
                ["supported"] = false,
                ["maxOperations"] = 0,
                ["maxPayloadSize"] = 0,
            },
            ["filter"] = new JsonObject { ["supported"] = true, ["maxResults"] = ScimQuery.MostCount },
            ["changePassword"] = Supported(false),
            ["sort"] = Supported(true),
            ["etag"] = Supported(true),
            ["authenticationSchemes"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "oauthbearertoken",
                    ["name"] = "API key",
                    ["description"] = $"An API key with the scope {Permission.Provision}, as bearer.",
                    ["primary"] = true,
                }
            ),
            ["meta"] = Meta(settings, "ServiceProviderConfig", "ServiceProviderConfig"),
        };

    public static IReadOnlyList<JsonObject> ResourceTypes(AccessSettings settings)
    {
        var user = ResourceType(settings, "User", "/Users", ScimName.User);
        user["schemaExtensions"] = new JsonArray(
            new JsonObject { ["schema"] = ScimName.Enterprise, ["required"] = false }
        );
        return [user, ResourceType(settings, "Group", "/Groups", ScimName.Group)];
    }

    public static IReadOnlyList<JsonObject> All(AccessSettings settings) =>
        [
            Schema(
                settings,
                ScimName.User,
                "User",
                Text("userName", required: true, uniqueness: "server"),
                Text("externalId", exact: true),
                Complex("name", Text("formatted"), Text("familyName"), Text("givenName"), Text("middleName")),
                Text("displayName"),
                Text("nickName"),
                Text("title"),
                Text("userType"),
                Text("preferredLanguage"),
                Text("locale"),
                Text("timezone"),
                Attribute("active", "boolean"),
                Many("emails"),
                Many("phoneNumbers"),
                Many("roles"),
                Many("entitlements"),
                ReadOnly(Many("groups"))
            ),
            Schema(
                settings,
                ScimName.Group,
                "Group",
                Text("displayName", required: true, uniqueness: "server"),
                Text("externalId", exact: true),
                Many("members")
            ),
            Schema(
                settings,
                ScimName.Enterprise,
                "EnterpriseUser",
                Text("employeeNumber"),
                Text("costCenter"),
                Text("organization"),
                Text("division"),
                Text("department"),
                Complex("manager", Text("value"), Text("$ref"), Text("displayName"))
            ),
        ];

    private static JsonObject ResourceType(AccessSettings settings, string name, string endpoint, string schema) =>
        new()
        {
            ["schemas"] = new JsonArray("urn:ietf:params:scim:schemas:core:2.0:ResourceType"),
            ["id"] = name,
            ["name"] = name,
            ["endpoint"] = endpoint,
            ["schema"] = schema,
            ["meta"] = Meta(settings, "ResourceType", $"ResourceTypes/{name}"),
        };

    private static JsonObject Schema(AccessSettings settings, string id, string name, params JsonObject[] attributes) =>
        new()
        {
            ["schemas"] = new JsonArray(SchemaUrn),
            ["id"] = id,
            ["name"] = name,
            ["attributes"] = new JsonArray([.. attributes]),
            ["meta"] = Meta(settings, "Schema", $"Schemas/{id}"),
        };

    private static JsonObject Meta(AccessSettings settings, string type, string path) =>
        new() { ["resourceType"] = type, ["location"] = $"{settings.PublicUrl}{ScimEndpoints.Root}/{path}" };

    private static JsonObject Supported(bool supported) => new() { ["supported"] = supported };

    private static JsonObject Text(string name, bool required = false, bool exact = false, string uniqueness = "none")
    {
        var attribute = Attribute(name, "string");
        attribute["required"] = required;
        attribute["caseExact"] = exact;
        attribute["uniqueness"] = uniqueness;
        return attribute;
    }

    private static JsonObject Complex(string name, params JsonObject[] parts)
    {
        var attribute = Attribute(name, "complex");
        attribute["subAttributes"] = new JsonArray([.. parts]);
        return attribute;
    }

    private static JsonObject Many(string name)
    {
        var attribute = Complex(name, Text("value"), Text("display"), Text("type"), Attribute("primary", "boolean"));
        attribute["multiValued"] = true;
        return attribute;
    }

    private static JsonObject ReadOnly(JsonObject attribute)
    {
        attribute["mutability"] = "readOnly";
        return attribute;
    }

    private static JsonObject Attribute(string name, string type) =>
        new()
        {
            ["name"] = name,
            ["type"] = type,
            ["multiValued"] = false,
            ["required"] = false,
            ["mutability"] = "readWrite",
            ["returned"] = "default",
        };
}
