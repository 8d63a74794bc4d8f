using System.Text.Json;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Platform.Database;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chancery.Server.Access.Passkeys;

/// <summary>A question for a browser, and the secret that its answer names it by.</summary>
/// <param name="Options">As <c>PublicKeyCredential.parse…OptionsFromJSON</c> takes them.</param>
internal sealed record PasskeyQuestion(string Challenge, JsonElement Options);

/// <summary>Whose passkey it was.</summary>
/// <param name="Method">Of <see cref="AuthenticationMethod"/>.</param>
internal sealed record PasskeyOwner(Guid UserId, TenantId Tenant, string Method);

/// <summary>Makes and checks passkeys, by the handler of ASP.NET Core Identity on our own tables. Safe for concurrent use.</summary>
/// <remarks>
/// Every passkey is discoverable and used with user verification, so that one alone is two factors. They are of the public address,
/// or, on this machine itself, of the loopback name that the browser shows.
/// </remarks>
internal sealed class PasskeyCeremonies(
    PeopleStore people,
    Challenges challenges,
    TenantDatabase database,
    AccessSettings settings,
    TimeProvider time,
    IServiceProvider services
)
{
    private const string Required = "required";

    /// <summary>Asks the browser of somebody who is signed in for a new passkey.</summary>
    public async Task<PasskeyQuestion> AskForNewAsync(
        HttpContext context,
        Principal person,
        CancellationToken cancellationToken
    )
    {
        var made = await HandlerFor(context)
            .MakeCreationOptionsAsync(
                new PasskeyUserEntity
                {
                    Id = person.UserId.ToString(),
                    Name = person.Email,
                    DisplayName = person.Name,
                },
                context
            );
        var challenge = await challenges.OpenAsync(
            new(
                ChallengePurpose.PasskeyCreation,
                person.UserId,
                person.Tenant.Value,
                Kind: null,
                EndSession: null,
                Methods: [],
                made.AttestationState
            ),
            cancellationToken
        );
        return new PasskeyQuestion(challenge, JsonElement.Parse(made.CreationOptionsJson));
    }

    /// <summary>A new passkey, or null when the browser's answer does not fit the question. Used up either way.</summary>
    public async Task<UserPasskeyInfo?> CreateAsync(
        HttpContext context,
        Principal person,
        string challenge,
        JsonElement answer,
        CancellationToken cancellationToken
    )
    {
        if (
            await challenges.TryAsync(challenge, cancellationToken)
                is not { Purpose: ChallengePurpose.PasskeyCreation, PasskeyState: { } state } asked
            || asked.UserId != person.UserId
            || !await challenges.UseAsync(challenge, cancellationToken)
        )
        {
            return null;
        }

        var result = await HandlerFor(context)
            .PerformAttestationAsync(
                new PasskeyAttestationContext
                {
                    HttpContext = context,
                    CredentialJson = answer.GetRawText(),
                    AttestationState = state,
                }
            );
        return result.Succeeded && result.UserEntity.Id == person.UserId.ToString() ? result.Passkey : null;
    }

    /// <summary>Asks for a passkey of somebody, or of whoever has one for this address.</summary>
    /// <param name="person">Null for anybody.</param>
    /// <returns>What the browser is asked, and what its answer is held against.</returns>
    public async Task<(JsonElement Options, string State)> AskAsync(HttpContext context, PasskeyPerson? person)
    {
        var made = await HandlerFor(context).MakeRequestOptionsAsync(person, context);
        return (JsonElement.Parse(made.RequestOptionsJson), made.AssertionState!);
    }

    /// <summary>Whose passkey answered; null when it is nobody's, of another address, of another question, or a copy.</summary>
    /// <param name="state">Of the question. The caller makes sure that it is answered once.</param>
    public async Task<PasskeyOwner?> CheckAsync(
        HttpContext context,
        string state,
        JsonElement answer,
        CancellationToken cancellationToken
    )
    {
        var result = await HandlerFor(context)
            .PerformAssertionAsync(
                new PasskeyAssertionContext
                {
                    HttpContext = context,
                    CredentialJson = answer.GetRawText(),
                    AssertionState = state,
                }
            );
        if (!result.Succeeded)
        {
            return null;
        }

        var (owner, passkey) = (result.User, result.Passkey);
        await using var session = await database.OpenAsync(owner.Tenant, owner.Id, cancellationToken);
        if (!await PasskeyStore.UsedAsync(session, owner.Id, passkey, time.GetUtcNow(), cancellationToken))
        {
            return null;
        }

        await session.CommitAsync(cancellationToken);
        return new PasskeyOwner(
            owner.Id,
            owner.Tenant,
            passkey.IsBackupEligible ? AuthenticationMethod.SoftwareKey : AuthenticationMethod.HardwareKey
        );
    }

    /// <summary>Keeps a new passkey; null when it is somebody's already. The caller commits.</summary>
    public static async Task<Guid?> KeepAsync(
        TenantSession session,
        Guid userId,
        string name,
        UserPasskeyInfo passkey,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var id = Guid.CreateVersion7(now);
        try
        {
            await PasskeyStore.InsertAsync(session, userId, id, name, passkey, cancellationToken);
            return id;
        }
        catch (PostgresException taken)
            when (taken
                    is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: PasskeyStore.CredentialIndex }
            )
        {
            return null;
        }
    }

    // A manager of users remembers what it was asked, so each call has its own.
    private PasskeyHandler<PasskeyPerson> HandlerFor(HttpContext context)
    {
        var address = Transport.IsThisMachine(context)
            ? new Uri($"{context.Request.Scheme}://{context.Request.Host}")
            : new Uri(settings.PublicUrl);
        var origin = address.GetLeftPart(UriPartial.Authority);
        var options = new IdentityPasskeyOptions
        {
            ServerDomain = address.Host,
            UserVerificationRequirement = Required,
            ResidentKeyRequirement = Required,
            ValidateOrigin = asked => ValueTask.FromResult(!asked.CrossOrigin && asked.Origin == origin),
        };
        var manager = new UserManager<PasskeyPerson>(
            new PasskeyPeople(people, database),
            Options.Create(new IdentityOptions()),
            null!,
            [],
            [],
            null!,
            new IdentityErrorDescriber(),
            services,
            services.GetRequiredService<ILogger<UserManager<PasskeyPerson>>>()
        );
        return new PasskeyHandler<PasskeyPerson>(manager, Options.Create(options));
    }
}
