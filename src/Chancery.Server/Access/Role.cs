namespace Chancery.Server.Access;

/// <summary>The four roles, from all to least: owner, admin, editor, viewer.</summary>
public static class Role
{
    public const string Owner = "owner";
    public const string Admin = "admin";
    public const string Editor = "editor";
    public const string Viewer = "viewer";

    /// <summary>For request validation: any role.</summary>
    public const string AnyPattern = "^(owner|admin|editor|viewer)$";

    /// <summary>For request validation: what can be invited or given to a key.</summary>
    public const string BelowOwnerPattern = "^(admin|editor|viewer)$";

    /// <summary>Whether <paramref name="role"/> may do nothing that <paramref name="limit"/> may not.</summary>
    public static bool IsAtMost(string role, string limit) => RankOf(role) <= RankOf(limit);

    /// <summary>The weaker of the two.</summary>
    public static string Lower(string first, string second) => IsAtMost(first, second) ? first : second;

    private static int RankOf(string role) =>
        role switch
        {
            Owner => 4,
            Admin => 3,
            Editor => 2,
            Viewer => 1,
            _ => 0,
        };
}
