using System.Reflection;

namespace Chancery.Server.Audit;

/// <summary>Who may read the record.</summary>
public static class AuditAccess
{
    /// <summary>The permission, which is the name of the authorization policy, too.</summary>
    public const string Read = "audit:read";

    /// <summary>401 without a credential, 403 without the permission.</summary>
    public static TBuilder ForReadersOfTheRecord<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.RequireAuthorization(Read);
}

/// <summary>Whose record a request reads: that of its verified credential.</summary>
public sealed record AuditReader(Guid Tenant)
{
    /// <summary>Routes for readers of the record never run without a verified credential.</summary>
    public static ValueTask<AuditReader?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult(
            context.RequestServices.GetRequiredService<IAuditActors>().Of(context) is { RefusedBecause: null } actor
                ? new AuditReader(actor.Tenant)
                : null
        );
}
