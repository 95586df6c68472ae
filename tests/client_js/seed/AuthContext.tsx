// What the component presumes around it: who is logged in, and whom one talks to. The page's address says both.
import { createContext, useContext } from 'react';

export interface Auth {
  user: { id: string } | null;
}

export const AuthContext = createContext<Auth>({ user: null });
export const useAuth = (): Auth => useContext(AuthContext);
export const parameters = new URLSearchParams(location.hash.slice(1));
export const otherUserId = parameters.get('otherUserId') ?? '';
