using Microsoft.AspNetCore.Authorization;

namespace Chancery.Server.Access.Authentication;

/// <summary>Asks the principal's role for one permission.</summary>
internal sealed record PermissionRequirement(string Permission) : IAuthorizationRequirement;

internal sealed class PermissionHandler(IHttpContextAccessor accessor) : AuthorizationHandler<PermissionRequirement>
{
    protected override Task HandleRequirementAsync(
        AuthorizationHandlerContext context,
        PermissionRequirement requirement
    )
    {
        var http = context.Resource as HttpContext ?? accessor.HttpContext;
        if (http?.Features.Get<Principal>()?.May(requirement.Permission) == true)
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
