using System.Globalization;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>Marks a dangerous action, for which a person has to have proven lately who they are.</summary>
public sealed class NeedsStepUp
{
    internal static readonly NeedsStepUp Instance = new();
}

/// <summary>How routes say that they are dangerous.</summary>
public static class StepUpExtensions
{
    /// <summary>
    /// 403 <c>step-up-required</c> for a person, or a program that acts for one, whose sign-in is older than <c>STEP_UP_MAX_AGE</c>.
    /// Keys, and programs as themselves, are nobody who could prove anything: their scopes say what they may.
    /// </summary>
    public static TBuilder NeedsStepUp<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(SecondFactors.NeedsStepUp.Instance);
}

/// <summary>Stands before dangerous actions (RFC 9470), so that what is refused here is neither done nor remembered.</summary>
internal sealed class StepUpGate(
    RequestDelegate next,
    SecondFactors factors,
    AccessSettings settings,
    TimeProvider time
)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (
            context.GetEndpoint()?.Metadata.GetMetadata<NeedsStepUp>() is null
            || context.Features.Get<Principal>() is not { SessionId: not null } principal
            || principal.AuthenticatedAt + settings.StepUpMaxAge > time.GetUtcNow()
        )
        {
            await next(context);
            return;
        }

        var seconds = (long)settings.StepUpMaxAge.TotalSeconds;
        var held = await factors.OfAsync(principal.Tenant, principal.UserId, context.RequestAborted);
        context.Response.Headers.WWWAuthenticate = string.Create(
            CultureInfo.InvariantCulture,
            $"Bearer error=\"insufficient_user_authentication\", error_description=\"A more recent sign-in is needed\", max_age=\"{seconds}\""
        );
        await Problem
            .StepUpRequired(seconds, principal.ClientId is not null ? [] : held.Any ? held.Names : [Password])
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
