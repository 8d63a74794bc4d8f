using Chancery.Server.Audit;

namespace Chancery.Server.Access;

/// <summary>What a route may ask for. Each role holds a fixed set.</summary>
public static class Permission
{
    public const string DocumentsRead = "documents:read";
    public const string DocumentsWrite = "documents:write";
    public const string Ask = "chat:ask";
    public const string ContractsRead = "contracts:read";
    public const string ContractsWrite = "contracts:write";
    public const string PromptsRead = "prompts:read";
    public const string PromptsWrite = "prompts:write";

    /// <summary>What everybody gets: the version in production, and rollouts.</summary>
    public const string PromptsPublish = "prompts:publish";
    public const string MembersRead = "members:read";
    public const string MembersManage = "members:manage";

    /// <summary>Of keys that name it, and were made by an owner: a directory's, which keeps members and groups by SCIM.</summary>
    public const string Provision = "members:provision";
    public const string KeysManage = "keys:manage";
    public const string OrganizationManage = "organization:manage";
    public const string AuditRead = AuditAccess.Read;

    /// <summary>Every permission there is; each is the name of an authorization policy.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        DocumentsRead,
        DocumentsWrite,
        Ask,
        ContractsRead,
        ContractsWrite,
        PromptsRead,
        PromptsWrite,
        PromptsPublish,
        MembersRead,
        MembersManage,
        Provision,
        KeysManage,
        OrganizationManage,
        AuditRead,
    ];

    private static readonly HashSet<string> Viewer = [DocumentsRead, Ask, ContractsRead, PromptsRead, MembersRead];
    private static readonly HashSet<string> Editor = [.. Viewer, DocumentsWrite, ContractsWrite, PromptsWrite];
    private static readonly HashSet<string> Admin =
    [
        .. Editor,
        PromptsPublish,
        MembersManage,
        Provision,
        KeysManage,
        OrganizationManage,
        AuditRead,
    ];

    /// <summary>The permissions of a role; none for an unknown one.</summary>
    public static IReadOnlySet<string> Of(string role) =>
        role switch
        {
            "owner" or "admin" => Admin,
            "editor" => Editor,
            "viewer" => Viewer,
            _ => new HashSet<string>(),
        };
}

/// <summary>How a route says what it takes.</summary>
public static class PermissionExtensions
{
    /// <summary>
    /// 401 without a credential, 403 without the permission. The authorization policies are named after the
    /// permissions.
    /// </summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder route, string permission)
        where TBuilder : IEndpointConventionBuilder => route.RequireAuthorization(permission);
}
