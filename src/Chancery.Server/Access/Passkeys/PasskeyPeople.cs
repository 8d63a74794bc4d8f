using Chancery.Server.Platform.Database;
using Microsoft.AspNetCore.Identity;

namespace Chancery.Server.Access.Passkeys;

/// <summary>Somebody as the framework's passkey handler knows them.</summary>
/// <param name="Tenant">Any organisation of theirs.</param>
internal sealed record PasskeyPerson(Guid Id, string Email, string Name, TenantId Tenant);

/// <summary>
/// People and their passkeys for the framework's handler, from our own tables. It reads; what changes passkeys is
/// <see cref="PasskeyCeremonies"/>. For one call each.
/// </summary>
internal sealed class PasskeyPeople(PeopleStore people, TenantDatabase database) : IUserPasskeyStore<PasskeyPerson>
{
    public Task<string> GetUserIdAsync(PasskeyPerson user, CancellationToken cancellationToken) =>
        Task.FromResult(user.Id.ToString());

    public Task<string?> GetUserNameAsync(PasskeyPerson user, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(user.Email);

    /// <summary>By the handle that an authenticator keeps; null for whoever belongs to no organisation (any more).</summary>
    public async Task<PasskeyPerson?> FindByIdAsync(string userId, CancellationToken cancellationToken)
    {
        if (
            !Guid.TryParse(userId, out var id)
            || await people.TenantsOfAsync(id, cancellationToken) is not [var first, ..]
        )
        {
            return null;
        }

        var tenant = new TenantId(first.Id);
        await using var session = await database.OpenAsync(tenant, id, cancellationToken);
        return await PeopleStore.FindMemberAsync(session, id, cancellationToken) is { } member
            ? new PasskeyPerson(id, member.Email, member.Name, tenant)
            : null;
    }

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(PasskeyPerson user, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(user.Tenant, user.Id, cancellationToken);
        return [.. (await PasskeyStore.ListAsync(session, user.Id, cancellationToken)).Select(row => row.ToInfo())];
    }

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(
        PasskeyPerson user,
        byte[] credentialId,
        CancellationToken cancellationToken
    ) =>
        (await GetPasskeysAsync(user, cancellationToken)).FirstOrDefault(one =>
            one.CredentialId.AsSpan().SequenceEqual(credentialId)
        );

    // Asked before one is made, whether somebody has it: the unique index says so.
    public Task<PasskeyPerson?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        Task.FromResult<PasskeyPerson?>(null);

    public void Dispose() { }

    public Task<string?> GetNormalizedUserNameAsync(PasskeyPerson user, CancellationToken cancellationToken) =>
        GetUserNameAsync(user, cancellationToken);

    public Task<PasskeyPerson?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        throw NotHere();

    public Task AddOrUpdatePasskeyAsync(
        PasskeyPerson user,
        UserPasskeyInfo passkey,
        CancellationToken cancellationToken
    ) => throw NotHere();

    public Task RemovePasskeyAsync(PasskeyPerson user, byte[] credentialId, CancellationToken cancellationToken) =>
        throw NotHere();

    public Task SetUserNameAsync(PasskeyPerson user, string? userName, CancellationToken cancellationToken) =>
        throw NotHere();

    public Task SetNormalizedUserNameAsync(
        PasskeyPerson user,
        string? normalizedName,
        CancellationToken cancellationToken
    ) => throw NotHere();

    public Task<IdentityResult> CreateAsync(PasskeyPerson user, CancellationToken cancellationToken) => throw NotHere();

    public Task<IdentityResult> UpdateAsync(PasskeyPerson user, CancellationToken cancellationToken) => throw NotHere();

    public Task<IdentityResult> DeleteAsync(PasskeyPerson user, CancellationToken cancellationToken) => throw NotHere();

    private static NotSupportedException NotHere() => new("The passkey handler changes nobody.");
}
