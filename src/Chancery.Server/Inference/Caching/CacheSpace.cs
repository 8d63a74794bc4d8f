using System.Globalization;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Caching;

/// <summary>Whose answers, and of which kind. Two spaces have no answer in common.</summary>
/// <param name="Namespace">One of <see cref="CacheNamespace"/>.</param>
/// <param name="UserId">The only person whom they are for; null for what everybody in the tenant may be given.</param>
public sealed record CacheSpace(TenantId Tenant, string Namespace, Guid? UserId)
{
    public const string Root = "chancery:answers:";

    /// <summary>What the names of its keys in Redis begin with. The tenant is a hash tag: a cluster keeps it on one node.</summary>
    public string Prefix => $"{PrefixOf(Tenant)}{Namespace}:{Scope}:";

    public string Scope => UserId is { } user ? ScopeOf(user) : "shared";

    public static string PrefixOf(TenantId tenant) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{{{tenant.Value:n}}}:");

    public static string ScopeOf(Guid user) => string.Create(CultureInfo.InvariantCulture, $"user-{user:n}");
}

/// <summary>Kinds of answers, as the names of their keys tell them.</summary>
public static class CacheNamespace
{
    /// <summary>Questions to the documents.</summary>
    public const string Chat = "chat";

    /// <summary>Programs of the tenant.</summary>
    public const string Gateway = "gateway";

    /// <summary>Which questions are asked in several words: one's own, as vectors. Their answers are of the other kinds.</summary>
    public const string Semantic = "semantic";

    /// <summary>Prompts that were improved, with placeholders for what is personal.</summary>
    public const string Upgrade = "upgrade";

    public static IReadOnlyList<string> All { get; } = [Chat, Gateway, Semantic, Upgrade];
}
