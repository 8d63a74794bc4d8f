using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Access.SignIn;

/// <summary>
/// Browsers in which somebody signed in before, by a cookie that proves it for one e-mail. Safe for concurrent use.
/// </summary>
/// <remarks>
/// They have a count of attempts of their own: who shares a network with whoever guesses there, behind one address for
/// all, is not kept out by that. A cookie lets nobody in, and says nothing of whose it is.
/// </remarks>
internal sealed class KnownDevices(MasterKey masterKey)
{
    private const string Cookie = "__Host-chancery-device";
    private const int IdBytes = 16;
    private static readonly TimeSpan Life = TimeSpan.FromDays(400);

    private readonly byte[] _key = masterKey.Derive("known-device/v1");

    /// <summary>The device's own id, when it is one in which that person signed in before; else <c>null</c>.</summary>
    public string? Find(HttpRequest request, string email)
    {
        if (request.Cookies[Cookie] is not { Length: < 100 } value || value.Split('.') is not [var id, var proof])
        {
            return null;
        }

        return
            Base64Url.IsValid(proof)
            && CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(proof), ProofOf(id, email))
            ? id
            : null;
    }

    /// <summary>From now on this browser is known for that person.</summary>
    public void Remember(HttpContext context, string email)
    {
        if (Find(context.Request, email) is not null)
        {
            return;
        }

        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));
        context.Response.Cookies.Append(
            Cookie,
            $"{id}.{Base64Url.EncodeToString(ProofOf(id, email))}",
            new CookieOptions
            {
                Path = "/",
                HttpOnly = true,
                Secure = true,
                SameSite = SameSiteMode.Lax,
                MaxAge = Life,
                IsEssential = true,
            }
        );
    }

    private byte[] ProofOf(string id, string email) =>
        HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{id}\n{email}"));
}
