using System.Globalization;
using Chancery.Server.Access.Federation;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Authorization;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>Stands before dangerous actions (RFC 9470), so that what is refused here is neither done nor remembered.</summary>
internal sealed class StepUpGate(RequestDelegate next, FactorChecks factors, AccessSettings settings, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        // Keys, and clients as themselves, are nobody who could prove anything; an issuer's token is of somebody.
        if (
            context.Features.Get<Principal>() is not { } principal
            || principal is { SessionId: null, IsExternal: false }
        )
        {
            await next(context);
        }
        else if (LacksSecondFactor(context.GetEndpoint(), principal))
        {
            await AskForSecondFactorAsync(context, principal);
        }
        else if (
            context.GetEndpoint()?.Metadata.GetMetadata<StepUpMetadata>() is not null
            && !(principal.AuthenticatedAt + settings.StepUpMaxAge > time.GetUtcNow())
        )
        {
            await AskForRecentAsync(context, principal);
        }
        else
        {
            await next(context);
        }
    }

    // Pages say themselves who sees them; what takes a credential is closed.
    private bool LacksSecondFactor(Endpoint? endpoint, Principal principal) =>
        principal.SecondFactorFrom <= time.GetUtcNow()
        && endpoint?.Metadata.GetMetadata<IAuthorizeData>() is not null
        && endpoint.Metadata.GetMetadata<OpenWithoutSecondFactorMetadata>() is null;

    private async Task AskForSecondFactorAsync(HttpContext context, Principal principal)
    {
        context.Response.Headers.WWWAuthenticate =
            $"Bearer error=\"insufficient_user_authentication\", error_description=\"A second factor is required\", "
            + $"acr_values=\"{AuthenticationClass.MultipleFactors}\"";
        var held = await factors.OfAsync(principal.Tenant, principal.UserId, context.RequestAborted);
        await (
            held.Any && principal.ClientId is null
                ? Problem.StepUpRequired((long)settings.StepUpMaxAge.TotalSeconds, held.Names)
                : Problem.SecondFactorSetupRequired()
        ).ExecuteAsync(context);
    }

    private async Task AskForRecentAsync(HttpContext context, Principal principal)
    {
        var seconds = (long)settings.StepUpMaxAge.TotalSeconds;
        var held = await factors.OfAsync(principal.Tenant, principal.UserId, context.RequestAborted);
        context.Response.Headers.WWWAuthenticate = string.Create(
            CultureInfo.InvariantCulture,
            $"Bearer error=\"insufficient_user_authentication\", error_description=\"A more recent sign-in is needed\", max_age=\"{seconds}\""
        );
        var asksIssuer =
            !held.Any && principal.ClientId is null && principal.Methods.Contains(AuthenticationMethod.Issuer);
        await Problem
            .StepUpRequired(
                seconds,
                principal.ClientId is not null ? []
                    : held.Any ? held.Names
                    : asksIssuer ? [AuthenticationMethod.Issuer]
                    : [Password],
                asksIssuer && principal.Issuer is { } issuer ? FederationPages.AgainAt(issuer) : null
            )
            .ExecuteAsync(context);
    }

    private const string Password = "password";
}

/// <summary>Notes that whoever is signed in proved anew who they are. Safe for concurrent use.</summary>
internal sealed class StepUps(TenantDatabase database, Revocations revocations, TimeProvider time)
{
    private const string NoteSql = """
        UPDATE sessions SET methods = @methods, authenticated_at = @now
        WHERE tenant_id = @tenant AND session_id = @sessionId AND user_id = @userId AND revoked_at IS NULL
        """;

    /// <param name="methods">With which they did.</param>
    public async Task<Authenticated> NoteAsync(
        Principal person,
        IReadOnlyList<string> methods,
        CancellationToken cancellationToken
    )
    {
        var noted = new Authenticated(AuthenticationMethod.Join(person.Methods, methods), time.GetUtcNow());
        await using (var session = await database.OpenAsync(person.Tenant, person.UserId, cancellationToken))
        {
            await session.ExecuteAsync(
                NoteSql,
                new
                {
                    tenant = person.Tenant.Value,
                    sessionId = person.SessionId,
                    userId = person.UserId,
                    methods = noted.Methods.ToArray(),
                    now = noted.At,
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
        }

        // What is remembered of their sessions says otherwise.
        await revocations.UserAsync(person.Tenant.Value, person.UserId);
        return noted;
    }
}
