using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chancery.Server.Access.Provisioning;

/// <summary>The URNs of SCIM, and how its attributes are named: without regard to case (RFC 7643, 2.1).</summary>
internal static class ScimName
{
    public const string User = "urn:ietf:params:scim:schemas:core:2.0:User";
    public const string Group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    public const string Enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    public const string ListResponse = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    public const string PatchOp = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    public const string Error = "urn:ietf:params:scim:api:messages:2.0:Error";

    public static readonly JsonNodeOptions AnyCase = new() { PropertyNameCaseInsensitive = true };

    public static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>The parts of an attribute's path; a schema's URN is one part where it is an extension's, and none where it is the core's.</summary>
    /// <example><c>name.givenName</c>, <c>urn:ietf:params:scim:schemas:core:2.0:User:userName</c></example>
    public static IReadOnlyList<string> PartsOf(string path)
    {
        foreach (var core in new[] { User, Group })
        {
            if (path.StartsWith(core + ":", StringComparison.OrdinalIgnoreCase))
            {
                return path[(core.Length + 1)..].Split('.');
            }
        }

        if (path.Equals(Enterprise, StringComparison.OrdinalIgnoreCase))
        {
            return [Enterprise];
        }

        return path.StartsWith(Enterprise + ":", StringComparison.OrdinalIgnoreCase)
            ? [Enterprise, .. path[(Enterprise.Length + 1)..].Split('.')]
            : path.Split('.');
    }

    public static bool Is(string first, string second) => first.Equals(second, StringComparison.OrdinalIgnoreCase);
}
